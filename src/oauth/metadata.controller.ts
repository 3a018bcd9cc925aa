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
import { clientAuthMethods } from '../clients/client-auth-method.js';
import { operationsIn, type Contract } from '../contract/read-contract.js';
import { createEtag, isUnchanged } from '../http/cacheable.js';
import { asymmetricAlgorithms } from '../keys/algorithms.js';
import type { AuthorizationServerMetadata } from './oauth.models.js';
import { introspectAnyScope } from './introspection.service.js';
import { revokeAnyScope } from './revocation.service.js';

@Route('.well-known')
@Tags('OAuth')
@NoSecurity()
export class MetadataController {
  readonly #metadata: AuthorizationServerMetadata;
  readonly #etag: string;

  constructor({ contract, issuer }: { readonly contract: Contract; readonly issuer: string }) {
    const methods = [...clientAuthMethods];
    const algorithms = [...asymmetricAlgorithms];
    const permissions = new Set(
      operationsIn(contract.document).flatMap((operation) => operation['x-required-permissions'] ?? []),
    );
    this.#metadata = {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      introspection_endpoint: `${issuer}/oauth/introspect`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: ['refresh_token', 'client_credentials'],
      scopes_supported: [...permissions, introspectAnyScope, revokeAnyScope].sort(),
      token_endpoint_auth_methods_supported: [...methods, 'none'],
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_methods_supported: [...methods, 'none'],
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    };
    this.#etag = createEtag(JSON.stringify(this.#metadata));
  }

  /**
   * The OAuth endpoints and their features, for clients that configure themselves (RFC 8414). All URLs start with the
   * issuer.
   * @summary Read the OAuth metadata
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('oauth-authorization-server')
  @SuccessResponse(200, 'The metadata.')
  public getOAuthMetadata(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): AuthorizationServerMetadata {
    if (isUnchanged(request, this.#etag, 'public, max-age=3600')) unchanged(304, undefined);
    return this.#metadata;
  }
}
