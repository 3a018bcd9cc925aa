import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal } from './refusal.js';
import { readDemand, type Requirements } from './requirements.js';
import { TokenGuard } from './token-guard.js';

/** The part of Hono's context that a guard uses. */
interface HonoContext {
  readonly req: { readonly raw: Request };
}

/**
 * A guard for Hono.
 * @example
 * app.get('/reports', latchkey.requires('reports:read'), (context) =>
 *   context.json({ caller: latchkey.caller(context).subject }),
 * );
 * @throws {TypeError} for invalid options.
 */
export function guard(options: GuardOptions): HonoGuard {
  return new HonoGuard(resolveOptions(options));
}

export class HonoGuard extends TokenGuard {
  /**
   * Creates middleware that lets a request through if its access token is valid and meets all requirements, and otherwise
   * responds.
   * @param requirements permissions, `fresh`, `mfa`, `fresh:300` or `mfa:300`; `{ optional: true }` may come last.
   * @throws {TypeError} for a requirement that cannot be met.
   */
  requires(...requirements: Requirements) {
    const demand = readDemand(requirements);
    return async (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
      try {
        const authorization = context.req.raw.headers.get(this.options.header.name) ?? undefined;
        await this.admit(context, authorization, demand);
      } catch (error) {
        if (!(error instanceof Refusal) || this.options.refusals === 'throw') throw error;
        return error.getResponse();
      }
      await next();
      return undefined;
    };
  }
}
