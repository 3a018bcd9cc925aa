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
import { listOperations, type Contract } from '../contract/read-contract.js';
import { createEtag, isUnchanged } from '../http/cacheable.js';
import { asymmetricAlgorithms } from '../keys/algorithms.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { AuthorizationServerMetadata, OpenIdConfiguration } from './oauth.models.js';
import { introspectAnyScope } from './introspection.service.js';
import { revokeAnyScope } from './revocation.service.js';
import { importPermission } from '../http/security-requirements.js';

/** Seconds. */
const maxAge = 3600;

@Route('.well-known')
@Tags('OAuth')
@NoSecurity()
export class MetadataController {
  readonly #metadata: AuthorizationServerMetadata;
  readonly #etag: string;

  constructor(
    private readonly services: {
      /** Seconds. */ readonly config: { readonly jwksMaxAge: number };
      readonly contract: Contract;
      readonly issuer: string;
      readonly ring: KeyRing;
    },
  ) {
    const { contract, issuer } = services;
    const methods = [...clientAuthMethods];
    const algorithms = [...asymmetricAlgorithms];
    const permissions = new Set(
      listOperations(contract.document).flatMap((operation) => operation['x-required-permissions'] ?? []),
    );
    this.#metadata = {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      introspection_endpoint: `${issuer}/oauth/introspect`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: ['refresh_token', 'client_credentials'],
      scopes_supported: [...permissions, importPermission, introspectAnyScope, revokeAnyScope].sort(),
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
   * issuer. Where that has a path, such as `https://example.com/auth`, the same is at
   * `https://example.com/.well-known/oauth-authorization-server/auth`, if the proxy passes it on.
   * @summary Read the OAuth metadata
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('oauth-authorization-server')
  @SuccessResponse(200, 'The metadata.')
  public getOAuthMetadata(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): AuthorizationServerMetadata {
    if (isUnchanged(request, this.#etag, `public, max-age=${maxAge}`)) unchanged(304, undefined);
    return this.#metadata;
  }

  /**
   * The same metadata for libraries that know OpenID Connect Discovery alone, with two fields that it requires. The service
   * is no OpenID provider: it has no authorization endpoint, and issues no ID tokens.
   * @summary Read the metadata as OpenID Connect Discovery has it
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('openid-configuration')
  @SuccessResponse(200, 'The metadata.')
  public getOpenIdConfiguration(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): OpenIdConfiguration {
    const { ring, config } = this.services;
    const published = ring.listPublishedKeys().map(({ alg }) => alg);
    const configuration = {
      ...this.#metadata,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set([...published, ring.signingKey.algorithm])].sort(),
    };
    // A key of another algorithm is published for that long before it signs.
    const cacheControl = `public, max-age=${Math.min(maxAge, config.jwksMaxAge)}`;
    if (isUnchanged(request, createEtag(JSON.stringify(configuration)), cacheControl))
      unchanged(304, undefined);
    return configuration;
  }
}
