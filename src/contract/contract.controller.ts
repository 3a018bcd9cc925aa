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
import type { OpenApiDocument } from './contract.models.js';
import { readContract } from './read-contract.js';

@Route()
@Tags('Service')
@NoSecurity()
export class ContractController {
  readonly #contract = readContract();

  /**
   * The document that you are reading: what the service answers, and nothing else.
   * @param found The OpenAPI document.
   * @param unchanged It is the one that the client has, by its ETag.
   * @summary Read the contract
   */
  @Get('openapi.json')
  @SuccessResponse(200, 'The OpenAPI document.')
  public getOpenApi(
    @Request() request: HttpRequest,
    @Res() found: TsoaResponse<200, OpenApiDocument, { ETag: string; 'Cache-Control': string }>,
    @Res() unchanged: TsoaResponse<304, void, { ETag: string; 'Cache-Control': string }>,
  ): OpenApiDocument | undefined {
    const { document, etag } = this.#contract;
    const headers = { ETag: etag, 'Cache-Control': 'no-cache' };
    if (request.get('If-None-Match') === etag) unchanged(304, undefined, headers);
    else found(200, document, headers);
    return undefined;
  }
}
