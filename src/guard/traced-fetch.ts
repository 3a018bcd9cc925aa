import { failedStatus, spanKinds, tracerName, type OpenTelemetry } from './open-telemetry.js';

/** A fetch whose requests are spans, until their response begins, and carry the context of their trace. */
export function traceFetch({ trace, context, propagation }: OpenTelemetry, send: typeof fetch): typeof fetch {
  const tracer = trace.getTracer(tracerName);
  return async (input, init) => {
    const { hostname, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const span = tracer.startSpan(`${method} ${pathname}`, {
      kind: spanKinds.client,
      attributes: { 'http.request.method': method, 'url.path': pathname, 'server.address': hostname },
    });
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), carrier);
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(carrier)) headers.set(name, value);
    try {
      const response = await send(input, { ...init, headers });
      span.setAttribute('http.response.status_code', response.status);
      if (!response.ok) span.setStatus(failedStatus);
      return response;
    } catch (error) {
      span.setStatus(failedStatus);
      throw error;
    } finally {
      span.end();
    }
  };
}
