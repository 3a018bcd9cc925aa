import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal } from './refusal.js';
import { readDemand, type Requirements } from './requirements.js';
import { TokenGuard } from './token-guard.js';

/** What a guard sees of Hono's context. */
interface HonoContext {
  readonly req: { readonly raw: Request };
}

/**
 * A guard for Hono.
 * @example
 * app.get('/reports', latchkey.requires('reports:read'), (context) =>
 *   context.json({ caller: latchkey.caller(context).subject }),
 * );
 * @throws {TypeError} for options that cannot be used.
 */
export function guard(options: GuardOptions): HonoGuard {
  return new HonoGuard(resolveOptions(options));
}

export class HonoGuard extends TokenGuard {
  /**
   * Middleware that lets a request through whose access token is good and has all of these, and answers any other.
   * @param requirements permissions, `fresh` or `fresh:300`, and `{ optional: true }` last.
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
