import type { RawRequest } from './credentials.js';
import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal } from './refusal.js';
import { readDemand, type Requirements } from './requirements.js';
import { TokenGuard } from './token-guard.js';

/** The part of Koa's context that a guard uses. */
interface KoaContext {
  readonly req: RawRequest;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

/**
 * A guard for Koa.
 * @example
 * router.get('/reports', latchkey.requires('reports:read'), (context) => {
 *   context.body = { caller: latchkey.caller(context).subject };
 * });
 * @throws {TypeError} for invalid options.
 */
export function guard(options: GuardOptions): KoaGuard {
  return new KoaGuard(resolveOptions(options));
}

export class KoaGuard extends TokenGuard {
  /**
   * Creates middleware that lets a request through if its access token is valid and meets all requirements, and otherwise
   * responds.
   * @param requirements permissions, `fresh`, `mfa`, `fresh:300` or `mfa:300`; `{ optional: true }` may come last.
   * @throws {TypeError} for a requirement that cannot be met.
   */
  requires(...requirements: Requirements) {
    const demand = readDemand(requirements);
    return async (context: KoaContext, next: () => Promise<unknown>): Promise<void> => {
      try {
        await this.admit(context, this.readAuthorization(context.req), demand);
      } catch (error) {
        if (!(error instanceof Refusal) || this.options.refusals === 'throw') throw error;
        context.status = error.status;
        context.set(error.headers);
        context.body = error.body();
        return;
      }
      await next();
    };
  }
}
