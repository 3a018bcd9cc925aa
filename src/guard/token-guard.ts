import { AccessTokens } from './access-tokens.js';
import { toCaller, type Caller, type Claims } from './claims.js';
import { parseCredentials, readHeader, type RawRequest, type TokenHeader } from './credentials.js';
import { requireFrom } from './requirements.js';
import { Feed } from './feed.js';
import { Introspections } from './introspections.js';
import { KeySet } from './key-set.js';
import { LatchkeyService } from './latchkey-service.js';
import type { ResolvedOptions } from './options.js';
import { Refusal } from './refusal.js';
import type { Demand } from './requirements.js';
import { Revoked } from './revoked.js';

/** The part of a guard that all frameworks share: the check of tokens, and the callers of requests. */
export class TokenGuard {
  /** @internal */
  protected readonly options: ResolvedOptions;
  readonly #keys: KeySet;
  readonly #tokens: AccessTokens;
  readonly #revoked = new Revoked();
  readonly #feed: Feed;
  readonly #introspections: Introspections;
  /** Callers by request; undefined: the token was optional, and there was none. */
  readonly #callers = new WeakMap<object, Caller | undefined>();
  #hasWarned = false;

  /** @internal Call `guard()`. */
  constructor(options: ResolvedOptions) {
    this.options = options;
    const { clock, bound } = options;
    const service = new LatchkeyService(options);
    this.#keys = new KeySet(service, clock, options.warn);
    this.#tokens = new AccessTokens(this.#keys, clock, options);
    this.#feed = new Feed(service, this.#revoked, clock, {
      ...options,
      onFollowing: () => {
        this.#keys.expire();
      },
    });
    this.#introspections = new Introspections(service, clock, bound);
  }

  /**
   * Begins to follow the feed, and waits until the guard knows all revocations and the keys. Otherwise the first request
   * begins to follow it, and until then the guard asks the service about each token.
   * @throws {ServiceRefused} if the service refuses the guard, for example for a wrong secret or a missing permission, or
   *   publishes no public keys.
   */
  async start(): Promise<void> {
    await this.#feed.ready();
    await this.#keys.refresh();
  }

  /** Ends the feed, which keeps the process running. */
  close(): Promise<void> {
    return this.#feed.close();
  }

  /** Whether the feed is recent enough, for a health check. */
  get isCurrent(): boolean {
    return this.#feed.isCurrent;
  }

  /** Number of revocations in memory. */
  get size(): number {
    return this.#revoked.size;
  }

  /**
   * The caller of a request.
   * @param request one that the guard has let through: the framework's request, or its context (Koa, Hono).
   * @throws {Error} if the guard has not, or if the token was optional and there was none.
   */
  caller(request: object): Caller {
    const caller = this.callerIfPresent(request);
    if (caller) return caller;
    throw new Error('The token of this request was optional, and it had none: use callerIfPresent().');
  }

  /**
   * The caller of a request whose token was optional.
   * @returns undefined if the request had no token.
   * @throws {Error} if no guard has let the request through.
   */
  callerIfPresent(request: object): Caller | undefined {
    if (!this.#callers.has(request))
      throw new Error('No guard has let this request through: put requires() in front of its handler.');
    return this.#callers.get(request);
  }

  /**
   * Checks a token, for frameworks that `requires` and `protect` do not fit.
   * @param authorization the value of the `Authorization` header, or of the one that `headerName` names.
   * @param requirements permissions, `fresh`, `mfa`, `fresh:300` or `mfa:300`.
   * @throws {Refusal} with the status, the headers and the body of the response.
   */
  async check(
    authorization: string | string[] | undefined,
    ...requirements: readonly string[]
  ): Promise<Caller> {
    try {
      return await this.options.runCheck(() => this.#check(authorization, requirements));
    } catch (error) {
      if (error instanceof Refusal) {
        error.scheme = this.options.header.scheme ?? error.scheme;
        error.issuer = this.options.issuer;
      }
      throw error;
    }
  }

  /**
   * Like `check`, but returns undefined if there is no token.
   * @throws {Refusal} for a token that is not valid or does not meet the requirements.
   */
  async checkIfPresent(
    authorization: string | string[] | undefined,
    ...requirements: readonly string[]
  ): Promise<Caller | undefined> {
    try {
      return await this.check(authorization, ...requirements);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'authentication_required') return undefined;
      throw error;
    }
  }

  /**
   * Checks a request, and remembers its caller.
   * @param key the object that `caller()` will be called with.
   * @internal
   */
  protected async admit(
    key: object,
    authorization: string | undefined,
    { requirements, optional }: Demand,
  ): Promise<Caller | undefined> {
    const caller = optional
      ? await this.checkIfPresent(authorization, ...requirements)
      : await this.check(authorization, ...requirements);
    this.#callers.set(key, caller);
    return caller;
  }

  /** @internal */
  protected readAuthorization(request: RawRequest): string | undefined {
    return readHeader(request, this.options.header.name.toLowerCase());
  }

  async #check(authorization: string | string[] | undefined, demands: readonly string[]): Promise<Caller> {
    this.#feed.start();
    const token = extractToken(authorization, this.options.header);
    const claims = await this.#tokens.verify(token);
    if (this.#revoked.has(claims)) throw createRevokedRefusal();
    if (!this.#feed.isCurrent) await this.#checkWithStaleFeed(token, claims);
    else this.#hasWarned = false;
    const caller = toCaller(claims);
    requireFrom(caller, demands, this.options.clock.now() / 1000);
    return caller;
  }

  /** Applies `whenStale`. */
  async #checkWithStaleFeed(token: string, claims: Claims): Promise<void> {
    const { whenStale, warn, bound } = this.options;
    switch (whenStale) {
      case 'refuse':
        throw new Refusal('not_ready');
      case 'accept':
        if (!this.#hasWarned) {
          this.#hasWarned = true;
          warn(
            `Nothing has been heard of revocations for ${bound / 1000} s: tokens are accepted that may be revoked.`,
          );
        }
        return;
      case 'introspect': {
        let isLive;
        try {
          isLive = await this.#introspections.isLive(token);
        } catch (cause) {
          throw new Refusal('not_ready', { cause });
        }
        if (!isLive) throw createRevokedRefusal();
        // The feed may have brought its revocation meanwhile.
        if (this.#revoked.has(claims)) throw createRevokedRefusal();
      }
    }
  }
}

function createRevokedRefusal(): Refusal {
  return new Refusal('invalid_token', {
    detail: 'The access token was revoked. Refresh it or log in again.',
  });
}

/** Extracts the token from the header's one element with the scheme; elements with other schemes are ignored. */
function extractToken(value: string | string[] = '', { name, scheme }: TokenHeader): string {
  const header = typeof value === 'string' ? value : value.join(',');
  if (header === '') throw createMissingToken(name, scheme);
  if (scheme === undefined) return header;
  const token = parseCredentials(header, scheme);
  if (token === undefined) throw createMissingToken(name, scheme);
  if (token === null) {
    throw new Refusal('invalid_token', {
      detail: `The ${name} header must be "${scheme}", one space, and the access token.`,
    });
  }
  return token;
}

function createMissingToken(name: string, scheme: string | undefined): Refusal {
  return new Refusal('authentication_required', {
    detail: `Send an access token: "${name}: ${scheme === undefined ? '' : `${scheme} `}<access_token>".`,
  });
}
