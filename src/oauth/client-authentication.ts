import type { RequestContext } from '../http/request-context.js';
import { isClientSecret } from '../clients/client-secret.js';
import { clientsStore, type StoredClient } from '../clients/clients.store.js';
import { getEpochSeconds, type Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import type { LoginLimiter } from '../authentication/login-limiter.js';
import {
  readAssertedClientId,
  AssertionError,
  verifyAssertion,
  type AssertionAudience,
} from './client-assertion.js';
import type { ClientCredentials } from './client-credentials.js';
import { OAuthProblem } from '../problems/oauth-problem.js';
import { usedAssertionsStore } from './used-assertions.store.js';
import { isId } from '../ids.js';

interface AuthenticationOptions {
  readonly audience: AssertionAudience;
  /** Seconds. */
  readonly leeway: number;
}

/** @param refusedKeys why keys that may have signed the assertion were not used. */
type OnDenied = (
  reason: string,
  context: RequestContext,
  clientId: string | undefined,
  refusedKeys?: readonly string[],
) => void;

/** Why the credentials were refused. */
interface Denial {
  readonly message: string;
  readonly refusedKeys?: readonly string[];
}

/** Authenticates clients (RFC 6749 §2.3, RFC 7523 §3). */
export class ClientAuthentication {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limiter: LoginLimiter,
    private readonly onDenied: OnDenied,
    private readonly options: AuthenticationOptions,
  ) {}

  /**
   * @returns the client, which is enabled.
   * @throws {OAuthProblem} `invalid_client`.
   * @throws {Problem} `too_many_attempts` after failures of the same client from the same address.
   */
  async authenticate(credentials: ClientCredentials, context: RequestContext): Promise<StoredClient> {
    if (credentials.kind === 'none') {
      throw new OAuthProblem('invalid_client', 'This requires an authenticated client: see POST /clients.');
    }
    const clientId =
      credentials.clientId ??
      (credentials.kind === 'assertion' ? readAssertedClientId(credentials.assertion) : undefined);
    const client =
      clientId !== undefined && isId(clientId)
        ? await clientsStore.find(this.database.queries, clientId)
        : undefined;
    const denial = await this.#findDenial(client, credentials);
    if (client && denial === undefined) return client;
    if (client) await this.#countFailure(client.id, context, denial?.refusedKeys);
    // An unknown client id is neither counted nor logged: it may be anything, such as a secret.
    else this.onDenied('unknown_client', context, undefined);
    throw new OAuthProblem('invalid_client', denial?.message);
  }

  /** @returns undefined where the credentials are the client's. */
  async #findDenial(
    client: StoredClient | undefined,
    credentials: ClientCredentials,
  ): Promise<Denial | undefined> {
    const unknown = { message: 'The client is unknown or disabled, or the credentials are wrong.' };
    if (client?.disabled_at !== null) return unknown;
    if (credentials.kind === 'secret') {
      return client.secret_hash !== null && isClientSecret(credentials.secret, client.secret_hash)
        ? undefined
        : unknown;
    }
    if (credentials.kind === 'none' || client.jwks === null) return unknown;
    try {
      const { jti, expiresAt } = verifyAssertion(credentials.assertion, {
        ...this.options,
        clientId: client.id,
        jwks: client.jwks,
        now: getEpochSeconds(this.clock),
      });
      const use = { clientId: client.id, jti, expiresAt };
      const isNew = await usedAssertionsStore.add(this.database.queries, use);
      return isNew ? undefined : { message: 'The assertion was used before.' };
    } catch (error) {
      if (error instanceof AssertionError) return error;
      throw error;
    }
  }

  /**
   * Only failures are counted: secrets cannot be guessed, so a correct one needs no limit, and no write. They are counted per
   * client and address, so that they block no other client.
   */
  async #countFailure(
    clientId: string,
    context: RequestContext,
    refusedKeys?: readonly string[],
  ): Promise<void> {
    const origin = { account: `client:${clientId}`, address: context.address ?? '', known: true };
    try {
      await this.limiter.attempt(origin, () => Promise.resolve());
      this.onDenied(
        'client_authentication_failed',
        context,
        clientId,
        refusedKeys?.length ? refusedKeys : undefined,
      );
    } catch (error) {
      if (error instanceof Problem && error.status === 429) this.onDenied('rate_limited', context, clientId);
      throw error;
    }
  }
}
