import type { Caller } from './claims.js';
import { failedStatus, spanKinds, tracerName, type OpenTelemetry } from './open-telemetry.js';
import { Refusal } from './refusal.js';

/** Runs the check of a request's token. */
export type RunCheck = (check: () => Promise<Caller>) => Promise<Caller>;

export const runUntraced: RunCheck = (check) => check();

/** Makes a span of each check, with that of a question to the service below it. It has no token. */
export function createTracedCheck({ trace, context }: OpenTelemetry): RunCheck {
  const tracer = trace.getTracer(tracerName);
  return (check) => {
    const span = tracer.startSpan('check access token', { kind: spanKinds.internal });
    return context.with(trace.setSpan(context.active(), span), async () => {
      try {
        const caller = await check();
        span.setAttribute('latchkey.outcome', 'accepted');
        span.setAttribute('user.id', caller.subject);
        return caller;
      } catch (error) {
        const refusal = error instanceof Refusal ? error : undefined;
        span.setAttribute('latchkey.outcome', refusal?.code ?? 'error');
        // A token that is refused is no error of the guard.
        if (!refusal || refusal.status >= 500) span.setStatus(failedStatus);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}
