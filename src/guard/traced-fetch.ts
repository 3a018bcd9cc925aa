/** The part of `@opentelemetry/api` that the guard uses. It is given to the guard, which never loads it. */
export interface OpenTelemetry {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options?: { kind?: number; attributes?: Record<string, string> }): TracedSpan;
    };
    setSpan(context: unknown, span: TracedSpan): unknown;
  };
  readonly context: { active(): unknown };
  readonly propagation: { inject(context: unknown, carrier: Record<string, string>): void };
}

interface TracedSpan {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`, by their numbers in OpenTelemetry's API. */
const client = 2;
const failed = 2;

/** A fetch whose requests are spans, until their response begins, and carry the context of their trace. */
export function traceFetch({ trace, context, propagation }: OpenTelemetry, send: typeof fetch): typeof fetch {
  const tracer = trace.getTracer('latchkey/guard');
  return async (input, init) => {
    const { hostname, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const span = tracer.startSpan(`${method} ${pathname}`, {
      kind: client,
      attributes: { 'http.request.method': method, 'url.path': pathname, 'server.address': hostname },
    });
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), carrier);
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(carrier)) headers.set(name, value);
    try {
      const response = await send(input, { ...init, headers });
      span.setAttribute('http.response.status_code', response.status);
      if (!response.ok) span.setStatus({ code: failed });
      return response;
    } catch (error) {
      span.setStatus({ code: failed });
      throw error;
    } finally {
      span.end();
    }
  };
}
