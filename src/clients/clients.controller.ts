import {
  Body,
  Delete,
  Get,
  Patch,
  Path,
  Post,
  Queries,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import { toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import { toPageResponse, defaultLimit } from '../http/pagination.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import type { ClientsService } from './clients.service.js';
import { parseScope } from '../roles/rights.js';
import {
  type RegisteredClient,
  type ClientKeySet,
  type ClientPage,
  type ClientQuery,
  type ClientSecret,
  type CreateClientRequest,
  type CreatedClient,
  type UpdateClientRequest,
} from './clients.models.js';
import type { StoredClient } from './clients.service.js';
import type { Id } from '../http/api-types.js';

@Route('clients')
@Tags('Clients')
export class ClientsController {
  constructor(private readonly services: { readonly clients: ClientsService }) {}

  /**
   * A page of clients, oldest first, without their secrets, which are not stored.
   * @summary List clients
   */
  @Get()
  @Security('bearer', ['clients:read'])
  @SuccessResponse(200, 'The page.')
  public async listClients(@Queries() query: ClientQuery): Promise<ClientPage> {
    const { limit = defaultLimit, cursor } = query;
    return toPageResponse(await this.services.clients.list(limit, cursor), toClient);
  }

  /**
   * Creates a client, which gets tokens at `POST /oauth/token`. The response has its secret, which is shown only once.
   * A client with `private_key_jwt` has no secret; it sends its public keys.
   * @summary Create a client
   */
  @Post()
  @Security('bearer', ['clients:write'])
  @SuccessResponse(201, 'Created.')
  public async createClient(
    @Body() body: CreateClientRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<CreatedClient> {
    const { client, secret } = await this.services.clients.create(
      {
        name: body.client_name,
        authMethod: body.token_endpoint_auth_method ?? 'client_secret_basic',
        jwks: body.jwks,
        scope: body.scope ?? '',
        audiences: body.audiences ?? [],
        introspectionAudiences: body.introspection_audiences ?? [],
        accessTokenLifetime: body.access_token_lifetime ?? null,
      },
      toActor(request),
    );
    return { ...toClient(client), ...(secret !== undefined && { client_secret: secret }) };
  }

  /**
   * Reads one client.
   * @param id The client's id.
   * @summary Read a client
   */
  @Get('{id}')
  @Security('bearer', ['clients:read'])
  @SuccessResponse(200, 'The client.')
  @Response<ProblemDetails>(404, 'There is no such client: `client_not_found`.')
  public async getClient(@Path() id: Id): Promise<RegisteredClient> {
    return toClient(await this.services.clients.get(id));
  }

  /**
   * Changes the fields that are sent. Disabling, and a change of scope, audiences or keys, revoke the client's tokens at
   * once.
   * @param id The client's id.
   * @summary Change a client
   */
  @Patch('{id}')
  @Security('bearer', ['clients:write'])
  @SuccessResponse(200, 'Changed.')
  @Response<ProblemDetails>(404, 'There is no such client: `client_not_found`.')
  public async updateClient(
    @Path() id: Id,
    @Body() body: UpdateClientRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<RegisteredClient> {
    const change = {
      ...(body.client_name !== undefined && { name: body.client_name }),
      ...(body.jwks !== undefined && { jwks: body.jwks }),
      ...(body.scope !== undefined && { scope: body.scope }),
      ...(body.audiences !== undefined && { audiences: body.audiences }),
      ...(body.introspection_audiences !== undefined && {
        introspectionAudiences: body.introspection_audiences,
      }),
      ...(body.access_token_lifetime !== undefined && { accessTokenLifetime: body.access_token_lifetime }),
      ...(body.disabled !== undefined && { disabled: body.disabled }),
    };
    return toClient(await this.services.clients.update(id, change, toActor(request)));
  }

  /**
   * Deletes a client. Its tokens stop working at once.
   * @param id The client's id.
   * @summary Delete a client
   */
  @Delete('{id}')
  @Security('bearer', ['clients:write'])
  @SuccessResponse(204, 'Deleted.')
  @Response<ProblemDetails>(404, 'There is no such client: `client_not_found`.')
  public deleteClient(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    return this.services.clients.delete(id, toActor(request));
  }

  /**
   * Gives a client a new secret, which is shown only once. The old secret and the client's tokens stop working at once.
   * @param id The client's id.
   * @summary Replace a client's secret
   */
  @Post('{id}/secret')
  @Security('bearer', ['clients:write'])
  @SuccessResponse(200, 'Replaced.')
  @Response<ProblemDetails>(404, 'There is no such client: `client_not_found`.')
  @Response<ProblemDetails>(409, 'The client authenticates with keys: `client_has_no_secret`.')
  public async replaceClientSecret(
    @Path() id: Id,
    @Request() request: AuthenticatedRequest,
  ): Promise<ClientSecret> {
    const secret = await this.services.clients.replaceSecret(id, toActor(request));
    return { client_id: id, client_secret: secret };
  }
}

export function toClient(client: StoredClient): RegisteredClient {
  return {
    client_id: client.id,
    client_name: client.name,
    token_endpoint_auth_method: client.auth_method,
    ...(client.jwks !== null && { jwks: JSON.parse(client.jwks) as ClientKeySet }),
    scope: client.scopes,
    audiences: parseScope(client.audiences),
    introspection_audiences: parseScope(client.introspection_audiences),
    ...(client.access_token_lifetime !== null && { access_token_lifetime: client.access_token_lifetime }),
    disabled: client.disabled_at !== null,
    created_at: new Date(client.created_at).toISOString(),
    updated_at: new Date(client.updated_at).toISOString(),
  };
}
