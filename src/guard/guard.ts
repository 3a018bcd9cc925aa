import { AccessTokens } from './access-tokens.js';
import { toCaller, type Caller, type Claims } from './claims.js';
import { parseCredentials, type TokenHeader } from './credentials.js';
import { assertRequirements, requireFrom } from './requirements.js';
import { Feed } from './feed.js';
import { Introspections } from './introspections.js';
import { KeySet } from './key-set.js';
import { LatchkeyService, ServiceRefused, type GuardClock } from './latchkey-service.js';
import { resolveOptions, type GuardOptions, type ResolvedOptions } from './options.js';
import { Refusal, type RefusalCode } from './refusal.js';
import { Revoked } from './revoked.js';

export { Refusal, ServiceRefused };
export type { Caller, Claims, GuardClock, GuardOptions, RefusalCode };

/** A handler that fits Express, Fastify and Node's own HTTP server. */
export type Handler = (
  request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> },
  response: object,
  next: (error?: Error) => void,
) => void;

/**
 * Checks Latchkey's access tokens in another service, without a request to Latchkey for each: with its public keys, and
 * with a feed of revocations that is kept in memory.
 *
 * @example
 * const latchkey = guard({
 *   issuer: 'https://login.example.com',
 *   audience: 'https://reports.example.com',
 *   client: { id: process.env.CLIENT_ID, secret: process.env.CLIENT_SECRET },
 * });
 * app.get('/reports', latchkey.requires('reports:read'), (request, response) => {
 *   response.json({ caller: latchkey.caller(request).subject });
 * });
 * @throws {TypeError} for options that cannot be used.
 */
export function guard(options: GuardOptions): Guard {
  return new Guard(resolveOptions(options));
}

export class Guard {
  readonly #options: ResolvedOptions;
  readonly #keys: KeySet;
  readonly #tokens: AccessTokens;
  readonly #revoked = new Revoked();
  readonly #feed: Feed;
  readonly #introspections: Introspections;
  readonly #callers = new WeakMap<object, Caller>();
  #hasWarned = false;

  /** @internal Call `guard()`. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
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
   * @throws {ServiceRefused} if the service refuses the guard, for example for a wrong secret or a missing permission.
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
   * Creates middleware for Express or a hook for Fastify (`onRequest`). It lets a request through if its access token is
   * valid and meets all requirements, and otherwise sends the response.
   * @param requirements permissions, `fresh` (a token from a login rather than from a refresh) or `fresh:300` (from a login
   *   at most 300 seconds ago); none: any valid token.
   * @throws {TypeError} for a requirement that cannot be met.
   */
  requires(...requirements: readonly string[]): Handler {
    assertRequirements(requirements);
    const header = this.#options.header.name.toLowerCase();
    return (request, response, next) => {
      this.check(request.headers[header], ...requirements).then(
        (caller) => {
          this.#callers.set(request, caller);
          next();
        },
        (error: unknown) => {
          if (error instanceof Refusal) send(response, error, this.#options.issuer);
          else next(error as Error);
        },
      );
    };
  }

  /**
   * Wraps a handler of the Fetch API's kind, Request → Response. It is called, with the caller, for a request whose
   * access token is valid and meets all requirements; other requests get the refusal as response.
   * @param requirements as for `requires`.
   * @throws {TypeError} for a requirement that cannot be met.
   */
  protect<Rest extends readonly unknown[]>(
    handler: (request: Request, caller: Caller, ...rest: Rest) => Response | Promise<Response>,
    ...requirements: readonly string[]
  ): (request: Request, ...rest: Rest) => Promise<Response> {
    assertRequirements(requirements);
    return async (request, ...rest) => {
      let caller;
      try {
        caller = await this.check(
          request.headers.get(this.#options.header.name) ?? undefined,
          ...requirements,
        );
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { status, headers } = error;
        return new Response(error.body(this.#options.issuer), { status, headers });
      }
      this.#callers.set(request, caller);
      return handler(request, caller, ...rest);
    };
  }

  /**
   * The caller of a request.
   * @param request one that `requires` or `protect` has let through.
   * @throws {Error} if neither has.
   */
  caller(request: object): Caller {
    const caller = this.#callers.get(request);
    if (!caller)
      throw new Error('No guard has let this request through: put requires() in front of its handler.');
    return caller;
  }

  /**
   * Checks a token, for frameworks that `requires` and `protect` do not fit.
   * @param authorization the value of the `Authorization` header, or of the one that `headerName` names.
   * @param requirements as for `requires`.
   * @throws {Refusal} with the status, the headers and the body of the response.
   */
  async check(
    authorization: string | string[] | undefined,
    ...requirements: readonly string[]
  ): Promise<Caller> {
    try {
      return await this.#check(authorization, requirements);
    } catch (error) {
      if (error instanceof Refusal) error.scheme = this.#options.header.scheme ?? error.scheme;
      throw error;
    }
  }

  async #check(authorization: string | string[] | undefined, demands: readonly string[]): Promise<Caller> {
    this.#feed.start();
    const token = extractToken(authorization, this.#options.header);
    const claims = await this.#tokens.verify(token);
    if (this.#revoked.has(claims)) throw createRevokedRefusal();
    if (!this.#feed.isCurrent) await this.#checkWithStaleFeed(token, claims);
    else this.#hasWarned = false;
    const caller = toCaller(claims);
    requireFrom(caller, demands, this.#options.clock.now() / 1000);
    return caller;
  }

  /** Applies `whenStale`. */
  async #checkWithStaleFeed(token: string, claims: Claims): Promise<void> {
    const { whenStale, warn, bound } = this.#options;
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

interface FastifyReply {
  code(status: number): { headers(headers: object): { send(body: string): unknown } };
}
interface NodeResponse {
  writeHead(status: number, headers: object): { end(body: string): unknown };
}

/** Fastify's reply has Node's response as `raw`. */
function send(response: object, refusal: Refusal, issuer: string): void {
  const { status, headers } = refusal;
  const body = refusal.body(issuer);
  if ('raw' in response) (response as unknown as FastifyReply).code(status).headers(headers).send(body);
  else (response as NodeResponse).writeHead(status, headers).end(body);
}
