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

/** What the guards for all frameworks have in common: the check of a token, and who calls. */
export class TokenGuard {
  /** @internal */
  protected readonly options: ResolvedOptions;
  readonly #keys: KeySet;
  readonly #tokens: AccessTokens;
  readonly #revoked = new Revoked();
  readonly #feed: Feed;
  readonly #introspections: Introspections;
  /** Requests that were let through; undefined: without a token, which was optional. */
  readonly #callers = new WeakMap<object, Caller | undefined>();
  #hasWarned = false;

  /** @internal The `guard()` of each framework makes one. */
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
   * Begins to follow the feed, and waits until the guard knows all that is revoked, and the keys. Without it the first
   * request begins that, and the service is asked about tokens meanwhile.
   * @throws {ServiceRefused} where the service refuses the guard, such as for a wrong secret or a missing permission, and
   *   where it publishes no keys.
   */
  async start(): Promise<void> {
    await this.#feed.ready();
    await this.#keys.refresh();
  }

  /** Ends the feed. The process does not end by itself before. */
  close(): Promise<void> {
    return this.#feed.close();
  }

  /** Whether the feed is as new as it has to be, for a health check. */
  get isCurrent(): boolean {
    return this.#feed.isCurrent;
  }

  /** How many revocations are held. */
  get size(): number {
    return this.#revoked.size;
  }

  /**
   * Who calls.
   * @param request one that the guard has let through: the framework's request, or its context where it has one.
   * @throws where no guard has, or where the token was optional and there was none.
   */
  caller(request: object): Caller {
    const caller = this.callerIfPresent(request);
    if (caller) return caller;
    throw new Error('The token of this request was optional, and it had none: use callerIfPresent().');
  }

  /**
   * Who calls, where a token was optional.
   * @returns undefined where the request had no token.
   * @throws where no guard has let the request through.
   */
  callerIfPresent(request: object): Caller | undefined {
    if (!this.#callers.has(request))
      throw new Error('No guard has let this request through: put requires() in front of its handler.');
    return this.#callers.get(request);
  }

  /**
   * The check itself, for whatever else a token comes by.
   * @param authorization the value of an `Authorization` header, or of the one that `headerName` names.
   * @param requirements permissions, `fresh` or `fresh:300`.
   * @throws {Refusal} with the status, the headers and the body of an answer.
   */
  async check(
    authorization: string | string[] | undefined,
    ...requirements: readonly string[]
  ): Promise<Caller> {
    try {
      return await this.#check(authorization, requirements);
    } catch (error) {
      if (error instanceof Refusal) {
        error.scheme = this.options.header.scheme ?? error.scheme;
        error.issuer = this.options.issuer;
      }
      throw error;
    }
  }

  /**
   * Like `check`, but without a token it returns undefined.
   * @throws {Refusal} for a token that is not good, or lacks something.
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
   * Lets a request through, and remembers who calls.
   * @param key what `caller()` will be asked with.
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

  /** What is done while the feed is older than it may be. */
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
        // What came by the feed meanwhile counts.
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

/** From the one element of the header that is of the scheme; another scheme is for somebody else. */
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
