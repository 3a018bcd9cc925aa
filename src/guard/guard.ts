import type { Caller, Claims } from './claims.js';
import { toRawRequest, type FrameworkRequest } from './credentials.js';
import { ServiceRefused, type GuardClock } from './latchkey-service.js';
import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal, type RefusalCode } from './refusal.js';
import { readDemand, type Requirements, type RequirementsOptions } from './requirements.js';
import { TokenGuard } from './token-guard.js';

export { Refusal, ServiceRefused, TokenGuard };
export type { Caller, Claims, GuardClock, GuardOptions, RefusalCode, Requirements, RequirementsOptions };

/** A handler that fits Express, Fastify and Node's own HTTP server. */
export type Handler = (request: FrameworkRequest, response: object, next: (error?: Error) => void) => void;

/**
 * Checks Latchkey's access tokens in another service, without a request to Latchkey for each: with its public keys, and
 * with a feed of revocations that is kept in memory. For Express, Fastify, Node's own server and the Fetch API's handlers.
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

export class Guard extends TokenGuard {
  /**
   * Creates middleware for Express or a hook for Fastify (`onRequest`). It lets a request through if its access token is
   * valid and meets all requirements, and otherwise sends the response.
   * @param requirements permissions, `fresh` (a token from a login rather than from a refresh), `fresh:300` (from a login
   *   at most 300 seconds ago), `mfa` (of a login with a second factor) or `mfa:300`; none: any valid token. With `{ optional: true }` last, a request without a token is let
   *   through, too.
   * @throws {TypeError} for a requirement that cannot be met.
   */
  requires(...requirements: Requirements): Handler {
    const demand = readDemand(requirements);
    return (request, response, next) => {
      this.admit(request, this.readAuthorization(toRawRequest(request)), demand).then(
        () => {
          next();
        },
        (error: unknown) => {
          if (error instanceof Refusal && this.options.refusals === 'respond') send(response, error);
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
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  protect<Rest extends readonly unknown[]>(
    handler: (request: Request, caller: Caller | undefined, ...rest: Rest) => Response | Promise<Response>,
    ...requirements: Requirements
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  protect<Rest extends readonly unknown[]>(
    handler: (request: Request, caller: never, ...rest: Rest) => Response | Promise<Response>,
    ...requirements: Requirements
  ): (request: Request, ...rest: Rest) => Promise<Response> {
    const demand = readDemand(requirements);
    return async (request, ...rest) => {
      let caller;
      try {
        const authorization = request.headers.get(this.options.header.name) ?? undefined;
        caller = await this.admit(request, authorization, demand);
      } catch (error) {
        if (!(error instanceof Refusal) || this.options.refusals === 'throw') throw error;
        return error.getResponse();
      }
      return handler(request, caller as never, ...rest);
    };
  }
}

interface FastifyReply {
  code(status: number): { headers(headers: object): { send(body: string): unknown } };
}
interface NodeResponse {
  writeHead(status: number, headers: object): { end(body: string): unknown };
}

/** Fastify's reply has Node's response as `raw`. */
function send(response: object, refusal: Refusal): void {
  const { status, headers } = refusal;
  const body = refusal.body();
  if ('raw' in response) (response as unknown as FastifyReply).code(status).headers(headers).send(body);
  else (response as NodeResponse).writeHead(status, headers).end(body);
}
