import { hash } from 'node:crypto';
import type { Actor } from '../audit/actor.js';
import type { AuditEvent } from '../audit/audit-events.js';
import { auditStore, describeChanges, type AuditDetails } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { createId } from '../ids.js';
import { validateName } from '../text/freeform-text.js';
import { readPage, type Page } from '../http/pagination.js';
import { Problem } from '../problems/problem.js';
import { maxTokenLength } from '../tokens/access-token-size.js';
import type { AccessTokens } from '../tokens/access-token.js';
import { KeyImportError } from '../keys/signing-keys.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { parseScope } from '../roles/rights.js';
import { type ClientKeySet, importClientKey } from './client-keys.js';
import { hashClientSecret, generateClientSecret } from './client-secret.js';
import type { ClientAuthMethod } from './client-auth-method.js';
import { createClientGrant } from './client-grant.js';
import { clientsStore, type StoredClient } from './clients.store.js';

export type { StoredClient };

interface NewClient {
  readonly name: string;
  readonly authMethod: ClientAuthMethod;
  readonly jwks?: ClientKeySet | undefined;
  readonly scope: string;
  readonly audiences: readonly string[];
  readonly introspectionAudiences: readonly string[];
  /** Seconds; null: the default of the settings. */
  readonly accessTokenLifetime: number | null;
}

type ClientChange = Partial<Omit<NewClient, 'authMethod'>> & { readonly disabled?: boolean | undefined };

/** Manages OAuth clients. Changes that take rights away take effect on the client's next request. */
export class ClientsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly versions: SubjectVersions,
    private readonly tokens: AccessTokens,
  ) {}

  /** @throws {Problem} `client_not_found`. */
  async get(id: string): Promise<StoredClient> {
    return requireClient(await clientsStore.find(this.database.queries, id));
  }

  /** A page of clients in order of creation. */
  list(limit: number, after: string | undefined): Promise<Page<StoredClient>> {
    return readPage(limit, (max) => clientsStore.list(this.database.queries, { limit: max, after }));
  }

  /**
   * Creates a client.
   * @returns also its secret, which is not stored; undefined if the client has keys.
   * @throws {Problem} `validation_failed` for a name that looks like another one, for invalid keys or a wrong number of them,
   *   and for a scope and audiences that would make its tokens too long.
   */
  async create(
    client: NewClient,
    actor: Actor,
  ): Promise<{ readonly client: StoredClient; readonly secret: string | undefined }> {
    refuseInvalidName(client.name);
    const secret = client.authMethod === 'private_key_jwt' ? undefined : generateClientSecret();
    const now = this.clock.now();
    const row: StoredClient = {
      id: createId(this.clock),
      name: client.name,
      secret_hash: secret === undefined ? null : hashClientSecret(secret),
      jwks: toStoredKeys(client.authMethod, client.jwks),
      auth_method: client.authMethod,
      scopes: toSortedList(client.scope.split(' ')),
      audiences: toSortedList(client.audiences),
      introspection_audiences: toSortedList(client.introspectionAudiences),
      access_token_lifetime: client.accessTokenLifetime,
      version: 0,
      disabled_at: null,
      created_at: now,
      updated_at: now,
    };
    this.#refuseOversizedTokens(row);
    await this.database.transaction(async (transaction) => {
      await clientsStore.insert(transaction, row);
      await this.#audit(transaction, 'client_created', row, actor, describeClient(row));
    });
    return { client: row, secret };
  }

  /** @throws {Problem} `client_not_found`; `validation_failed` for invalid keys, or if its tokens would be too long. */
  async update(id: string, change: ClientChange, actor: Actor): Promise<StoredClient> {
    const { client, revoked } = await this.database.transaction(async (transaction) => {
      const before = requireClient(await clientsStore.lock(transaction, id));
      if (change.name !== undefined && change.name !== before.name) refuseInvalidName(change.name);
      const now = this.clock.now();
      const after = requireClient(
        await clientsStore.update(transaction, id, now, {
          name: change.name ?? before.name,
          jwks: change.jwks ? toStoredKeys(before.auth_method, change.jwks) : before.jwks,
          scopes: change.scope === undefined ? before.scopes : toSortedList(change.scope.split(' ')),
          audiences: change.audiences === undefined ? before.audiences : toSortedList(change.audiences),
          introspection_audiences:
            change.introspectionAudiences === undefined
              ? before.introspection_audiences
              : toSortedList(change.introspectionAudiences),
          access_token_lifetime: change.accessTokenLifetime ?? before.access_token_lifetime,
          disabled_at: getDisabledAt(before, change.disabled, now),
        }),
      );
      this.#refuseOversizedTokens(after, before);
      await this.#auditUpdate(transaction, before, after, actor);
      return {
        client: after,
        revoked: revokesTokens(before, after)
          ? await this.versions.increment(transaction, { clientId: id })
          : [],
      };
    });
    this.versions.apply(revoked);
    return client;
  }

  /** @throws {Problem} `client_not_found`. */
  async delete(id: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      const client = requireClient(await clientsStore.lock(transaction, id));
      const rows = await this.versions.revokeForever(transaction, { clientId: id });
      await clientsStore.delete(transaction, id);
      await this.#audit(transaction, 'client_deleted', client, actor, describeClient(client));
      return rows;
    });
    this.versions.apply(revoked);
  }

  async #auditUpdate(
    transaction: Queries,
    before: StoredClient,
    after: StoredClient,
    actor: Actor,
  ): Promise<void> {
    const changes = describeChanges(describeClient(before), describeClient(after));
    if (Object.keys(changes).length > 0)
      await this.#audit(transaction, 'client_updated', before, actor, changes);
    if ((before.disabled_at === null) === (after.disabled_at === null)) return;
    const event = after.disabled_at === null ? 'client_enabled' : 'client_disabled';
    await this.#audit(transaction, event, before, actor);
  }

  #audit(
    transaction: Queries,
    event: AuditEvent,
    { id, name }: StoredClient,
    actor: Actor,
    details?: AuditDetails,
  ): Promise<void> {
    return auditStore.add(transaction, this.clock, {
      event,
      actor,
      target: { kind: 'client', id, name },
      details,
    });
  }

  /** @param before where its tokens were too long already, they may become shorter. */
  #refuseOversizedTokens(client: StoredClient, before?: StoredClient): void {
    const length = this.tokens.computeLength(createClientGrant(client, this.tokens));
    if (length <= maxTokenLength) return;
    if (before && length < this.tokens.computeLength(createClientGrant(before, this.tokens))) return;
    throw new Problem('validation_failed', {
      errors: {
        scope: `results, with the audiences, in an access token of ${length} characters; the limit is ${maxTokenLength}`,
      },
    });
  }

  /**
   * Replaces a client's secret. When this resolves, the old secret and the client's tokens are refused.
   * @returns the new secret, which is not stored.
   * @throws {Problem} `client_not_found`, `client_has_no_secret`.
   */
  async replaceSecret(id: string, actor: Actor): Promise<string> {
    const secret = generateClientSecret();
    const revoked = await this.database.transaction(async (transaction) => {
      const client = requireClient(await clientsStore.lock(transaction, id));
      if (client.secret_hash === null) throw new Problem('client_has_no_secret');
      const changes = { secret_hash: hashClientSecret(secret) };
      await clientsStore.update(transaction, id, this.clock.now(), changes);
      await this.#audit(transaction, 'client_secret_replaced', client, actor);
      return this.versions.increment(transaction, { clientId: id });
    });
    this.versions.apply(revoked);
    return secret;
  }
}

function refuseInvalidName(name: string): void {
  const error = validateName(name);
  if (error !== undefined) throw new Problem('validation_failed', { errors: { client_name: error } });
}

function requireClient(client: StoredClient | undefined): StoredClient {
  if (!client) throw new Problem('client_not_found');
  return client;
}

/** What the audit says of a client: of its keys the ids, or the hashes of those that have none. */
function describeClient(client: StoredClient): AuditDetails {
  const { keys } = JSON.parse(client.jwks ?? '{"keys":[]}') as ClientKeySet;
  return {
    name: client.name,
    token_endpoint_auth_method: client.auth_method,
    scope: client.scopes,
    audiences: parseScope(client.audiences),
    introspection_audiences: parseScope(client.introspection_audiences),
    access_token_lifetime: client.access_token_lifetime,
    ...(client.jwks !== null && {
      keys: keys.map((key) => key.kid ?? hash('sha256', JSON.stringify(key), 'base64url')),
    }),
  };
}

function toSortedList(list: readonly string[]): string {
  return parseScope(list.join(' ')).join(' ');
}

function getDisabledAt(before: StoredClient, disabled: boolean | undefined, now: number): number | null {
  if (disabled === undefined) return before.disabled_at;
  return disabled ? (before.disabled_at ?? now) : null;
}

/** Whether earlier tokens have claims that no longer apply, or were obtained with a key that was removed. */
function revokesTokens(before: StoredClient, after: StoredClient): boolean {
  return (
    before.scopes !== after.scopes ||
    before.audiences !== after.audiences ||
    before.jwks !== after.jwks ||
    (before.disabled_at === null && after.disabled_at !== null)
  );
}

function toStoredKeys(authMethod: ClientAuthMethod, jwks: ClientKeySet | undefined): string | null {
  if (authMethod !== 'private_key_jwt') {
    if (jwks) throw createInvalidFieldProblem('jwks', 'is only allowed with private_key_jwt');
    return null;
  }
  if (!jwks) throw createInvalidFieldProblem('jwks', 'is required with private_key_jwt');
  const keys = jwks.keys.map((key, index) => {
    try {
      return importClientKey(key);
    } catch (error) {
      if (error instanceof KeyImportError)
        throw createInvalidFieldProblem(`jwks.keys.${index}`, error.message);
      throw error;
    }
  });
  const kids = keys.flatMap(({ kid }) => kid ?? []);
  const duplicate = kids.findIndex((kid, index) => kids.indexOf(kid) < index);
  if (duplicate >= 0)
    throw createInvalidFieldProblem('jwks', `has two keys with the kid "${kids[duplicate]}"`);
  return JSON.stringify({ keys });
}

function createInvalidFieldProblem(field: string, error: string): Problem {
  return new Problem('validation_failed', { errors: { [field]: error } });
}
