import {
  Get,
  NoSecurity,
  Request,
  Res,
  Route,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { etagOf, isUnchanged } from '../http/cacheable.js';
import type { OpenApiDocument } from './contract.models.js';
import { readContract } from './read-contract.js';

@Route()
@Tags('Service')
@NoSecurity()
export class ContractController {
  readonly #contract = readContract();
  readonly #etag = etagOf(this.#contract.text);

  /**
   * The document that you are reading: what the service answers, and nothing else.
   * @summary Read the contract
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('openapi.json')
  @SuccessResponse(200, 'The OpenAPI document.')
  public getOpenApi(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): OpenApiDocument {
    if (isUnchanged(request, this.#etag, 'no-cache')) unchanged(304, undefined);
    return this.#contract.document;
  }
}
