/** The part of `@opentelemetry/api` that the guard uses. It is given to the guard, which never loads it. */
export interface OpenTelemetry {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options?: { kind?: number; attributes?: Record<string, string> }): TracedSpan;
    };
    setSpan(context: unknown, span: TracedSpan): unknown;
  };
  readonly context: {
    active(): unknown;
    with<T>(context: unknown, run: () => T): T;
  };
  readonly propagation: { inject(context: unknown, carrier: Record<string, string>): void };
}

interface TracedSpan {
  setAttribute(name: string, value: string | number | boolean): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

export const tracerName = 'latchkey/guard';
/** `SpanKind` and `SpanStatusCode`, by their numbers in OpenTelemetry's API. */
export const spanKinds = { internal: 0, client: 2 } as const;
export const failedStatus = { code: 2 } as const;
