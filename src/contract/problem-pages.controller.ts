import {
  Get,
  NoSecurity,
  Path,
  Produces,
  Request,
  Res,
  Response,
  Route,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { etagOf, isUnchanged } from '../http/cacheable.js';
import { problemCodes, type ProblemCode } from '../problems/problem-codes.js';
import type { HtmlPage, ProblemDetails } from '../problems/problem.models.js';
import { pagePolicy, problemPage } from '../problems/problem-page.js';
import { Problem } from '../problems/problem.js';

@Route('problems')
@Tags('Service')
@NoSecurity()
export class ProblemPagesController {
  /**
   * The page that the `type` of a problem links to: what the code means, and what to do about it.
   * @summary Read about a problem
   * @param code The problem's `code`.
   * @example code "invalid_token"
   * @pattern code ^[a-z_]+$ must be a problem's code: small letters and _
   * @maxLength code 64
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('{code}')
  @Produces('text/html')
  @SuccessResponse(200, 'The page.', 'text/html')
  @Response<ProblemDetails>(404, 'There is no such code: `not_found`.')
  public getProblemPage(
    @Path() code: string,
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): HtmlPage {
    if (!isProblemCode(code))
      throw new Problem('not_found', { detail: `No problem has the code "${code}".` });
    const page = problemPage(code);
    request.res?.setHeader('Content-Security-Policy', pagePolicy); // before what sends a 304
    request.res?.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (isUnchanged(request, etagOf(page), 'public, max-age=3600')) unchanged(304, undefined);
    return page;
  }
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code);
}
