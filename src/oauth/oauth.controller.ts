import {
  Body,
  Consumes,
  Middlewares,
  NoSecurity,
  Post,
  Request,
  Response,
  Route,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { StoredClient } from '../clients/clients.service.js';
import { getRequestContext } from '../http/request-context.js';
import type { OAuthServices } from './oauth-services.js';
import type { RequestLimits } from '../authentication/request-limits.js';
import { firstPartyClientId } from '../tokens/access-token.js';
import { readClientCredentials } from './client-credentials.js';
import { formParametersMiddleware } from './form-parameters.js';
import { OAuthProblem } from '../problems/oauth-problem.js';
import type {
  ClientParameters,
  Introspection,
  OAuthError,
  TokenParameters,
  TokenRequest,
  TokenResponse,
} from './oauth.models.js';

/** The security schemes of these operations are in tsoa-latchkey.json. Credentials are verified here, because they may be in the body. */
@Route('oauth')
@Tags('OAuth')
@NoSecurity()
@Middlewares(formParametersMiddleware)
export class OAuthController {
  constructor(
    private readonly services: { readonly oauth: OAuthServices; readonly requestLimits: RequestLimits },
  ) {}

  /**
   * Exchanges a grant for tokens. `refresh_token` does what `POST /refresh` does, without client authentication: users'
   * tokens belong to the public client `latchkey`. `client_credentials` gives an authenticated client an access token for
   * itself, without a refresh token.
   *
   * The `password` grant is not offered (RFC 9700 §2.4): users log in with `POST /login`.
   * @summary Get tokens
   * @example body.client_credentials { "grant_type": "client_credentials", "scope": "reports:read" }
   * @example body.refresh_token { "grant_type": "refresh_token", "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU" }
   */
  @Post('token')
  @Consumes('application/x-www-form-urlencoded')
  @SuccessResponse(200, 'The tokens.')
  @Response<OAuthError>(
    400,
    'The grant cannot be exchanged: `invalid_request`, `invalid_grant`, `unsupported_grant_type`, `invalid_scope`, `invalid_target`.',
  )
  @Response<OAuthError>(401, 'The client is not authenticated: `invalid_client`.')
  @Response<OAuthError>(429, 'Too many failed authentications: `temporarily_unavailable`.')
  public async exchangeGrant(
    @Body() body: TokenRequest,
    @Request() request: HttpRequest,
  ): Promise<TokenResponse> {
    request.res?.setHeader('Pragma', 'no-cache'); // RFC 6749 §5.1
    switch (body.grant_type) {
      case 'refresh_token':
        return this.#refresh(body, request);
      case 'client_credentials': {
        const client = await this.#authenticate(body, request);
        return this.services.oauth.grants.grantClientCredentials(client, pickRequestedAccess(body));
      }
      case 'password':
        throw new OAuthProblem(
          'unsupported_grant_type',
          'The password grant is not offered (RFC 9700, section 2.4). Log in with POST /login.',
        );
      default:
        throw new OAuthProblem('unsupported_grant_type');
    }
  }

  /**
   * Returns whether a token is active, and its claims (RFC 7662). A client may introspect its own access tokens, those for
   * its id, and those for its `introspection_audiences`; with the scope `tokens:introspect` any access or refresh token.
   * For others the response is `{"active": false}`, as for a token that is not active.
   * @summary Introspect a token
   */
  @Post('introspect')
  @Consumes('application/x-www-form-urlencoded')
  @SuccessResponse(200, 'Whether the token is active, and its claims.')
  @Response<OAuthError>(401, 'The client is not authenticated: `invalid_client`.')
  @Response<OAuthError>(429, 'Too many failed authentications: `temporarily_unavailable`.')
  public async introspectToken(
    @Body() body: TokenParameters,
    @Request() request: HttpRequest,
  ): Promise<Introspection> {
    const client = await this.#authenticate(body, request);
    return this.services.oauth.introspection.introspect(body.token, client);
  }

  /**
   * Revokes a token at once (RFC 7009): a refresh token with its whole session, an access token alone. A client may revoke
   * its own tokens, and with the scope `tokens:revoke` those of others. Users' tokens belong to the public client:
   * `client_id=latchkey` revokes them without a secret (§2.1). An unknown token is no error (§2.2).
   * @summary Revoke a token
   */
  @Post('revoke')
  @Consumes('application/x-www-form-urlencoded')
  @SuccessResponse(200, 'The token is not active any more.')
  @Response<OAuthError>(400, "The token is another client's: `unauthorized_client`, `invalid_request`.")
  @Response<OAuthError>(401, 'The client is not authenticated: `invalid_client`.')
  @Response<OAuthError>(429, 'Too many failed authentications: `temporarily_unavailable`.')
  public async revokeToken(@Body() body: TokenParameters, @Request() request: HttpRequest): Promise<void> {
    const { oauth } = this.services;
    const credentials = readClientCredentials(request.get('Authorization'), body);
    const context = getRequestContext(request);
    const isPublic = credentials.kind === 'none' && credentials.clientId === firstPartyClientId;
    const client = isPublic ? undefined : await oauth.clients.authenticate(credentials, context);
    await oauth.revocation.revoke(body.token, client, context);
  }

  async #refresh(body: TokenRequest, request: HttpRequest): Promise<TokenResponse> {
    const { oauth } = this.services;
    const credentials = readClientCredentials(request.get('Authorization'), body);
    const context = getRequestContext(request);
    this.services.requestLimits.refresh.take(context);
    // RFC 6749 §6: credentials that are sent must be right, and the token must be that client's.
    const client =
      credentials.kind === 'none' ? undefined : await oauth.clients.authenticate(credentials, context);
    oauth.grants.refuseOtherClient(client?.id ?? credentials.clientId);
    if (body.refresh_token === undefined) {
      throw new OAuthProblem('invalid_request', 'refresh_token: is required.');
    }
    return oauth.grants.refresh(body.refresh_token, pickRequestedAccess(body), context);
  }

  #authenticate(body: ClientParameters, request: HttpRequest): Promise<StoredClient> {
    const credentials = readClientCredentials(request.get('Authorization'), body);
    return this.services.oauth.clients.authenticate(credentials, getRequestContext(request));
  }
}

function pickRequestedAccess({ scope, resource }: TokenRequest): Pick<TokenRequest, 'scope' | 'resource'> {
  return { ...(scope !== undefined && { scope }), ...(resource !== undefined && { resource }) };
}
