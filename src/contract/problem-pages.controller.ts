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
import { createEtag, isUnchanged } from '../http/cacheable.js';
import { getRootReference, setPageHeaders } from '../http/html-page.js';
import type { HtmlPage } from '../http/page.models.js';
import type { ProblemKinds } from '../problems/problem-codes.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { Problem } from '../problems/problem.js';
import { ProblemOperations } from './problem-operations.js';
import { renderProblemList, renderProblemPage } from './problem-pages.js';
import type { Contract } from './read-contract.js';

@Route('problems')
@Tags('Service')
@NoSecurity()
export class ProblemPagesController {
  readonly #operations: ProblemOperations;
  readonly #problems: ProblemKinds;

  constructor({ contract, problems }: { readonly contract: Contract; readonly problems: ProblemKinds }) {
    this.#operations = new ProblemOperations(contract.document);
    this.#problems = problems;
  }

  /**
   * A page that lists all problems, with what each means.
   * @summary Read the list of problems
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get()
  @Produces('text/html')
  @SuccessResponse(200, 'The page.', 'text/html')
  public getProblemListPage(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): HtmlPage {
    const page = renderProblemList(this.#problems, getRootReference(request));
    if (isSent(request, page)) unchanged(304, undefined);
    return page;
  }

  /**
   * The page that the `type` of a problem links to: what the code means, what to do about it, and which operations
   * respond with it.
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
    const kind = Object.hasOwn(this.#problems, code) ? this.#problems[code] : undefined;
    if (!kind) throw new Problem('not_found', { detail: `No problem has the code "${code}".` });
    const page = renderProblemPage(code, kind, getRootReference(request), this.#operations);
    if (isSent(request, page)) unchanged(304, undefined);
    return page;
  }
}

/** Whether the client has the page already. Its headers are set in either case. */
function isSent(request: HttpRequest, page: HtmlPage): boolean {
  if (request.res) setPageHeaders(request.res);
  return isUnchanged(request, createEtag(page), 'public, max-age=3600');
}
