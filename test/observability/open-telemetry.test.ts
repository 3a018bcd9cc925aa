import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { expect } from 'chai';
import { startTracing } from '../../src/observability/open-telemetry.js';
import type { Tracing } from '../../src/observability/tracing.js';

describe('fetch in a traced request', () => {
  let other: Server;
  let url: string;
  let tracing: Tracing;
  const seen: IncomingHttpHeaders[] = [];
  before(async () => {
    other = createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    // Nothing is sampled, so that nothing is sent.
    tracing = startTracing({ sampler: 'always_off', ratio: 1, propagates: true, batch: {} }, '1.2.3');
  });
  after(async () => {
    await tracing.stop();
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });

  it('gives the context of the trace on', async () => {
    const span = trace.getTracer('test').startSpan('a request');
    await context.with(trace.setSpan(context.active(), span), () => fetch(url));
    const { traceId, spanId } = span.spanContext();
    expect(seen.at(-1)?.['traceparent']).to.equal(`00-${traceId}-${spanId}-00`);
  });

  it('gives none on outside of one', async () => {
    await fetch(url);
    expect(seen.at(-1)).not.to.have.property('traceparent');
  });
});
