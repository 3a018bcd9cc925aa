import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { resolveOptions } from '../../src/guard/options.js';

describe('The guard with OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  before(() => {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    api.trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    );
  });
  after(() => {
    api.context.disable();
    api.propagation.disable();
    api.trace.disable();
  });
  beforeEach(() => {
    exporter.reset();
  });

  /** The fetch of a guard whose service gives this response. */
  const fetchOf = (response: () => Promise<Response>, seen: Headers[] = []): typeof fetch =>
    resolveOptions({
      issuer: 'https://login.example.com',
      audience: 'reports',
      client: { id: 'id', secret: 'a secret' },
      openTelemetry: api,
      fetch: (_input, init) => {
        seen.push(new Headers(init?.headers));
        return response();
      },
    }).fetch;

  it('makes a span of each request to the service, in the trace of the caller, and gives its context on', async () => {
    const seen: Headers[] = [];
    const send = fetchOf(() => Promise.resolve(new Response('{}')), seen);
    const caller = api.trace.getTracer('test').startSpan('caller');
    await api.context.with(api.trace.setSpan(api.context.active(), caller), () =>
      send('https://login.example.com/oauth/introspect?q=hidden', {
        method: 'POST',
        headers: { Authorization: 'Basic c2VjcmV0' },
        body: 'token=hidden',
      }),
    );
    const [span] = exporter.getFinishedSpans();
    expect(span?.name).to.equal('POST /oauth/introspect');
    const { traceId, spanId } = span?.spanContext() ?? {};
    expect(traceId).to.equal(caller.spanContext().traceId);
    expect(seen[0]?.get('traceparent')).to.equal(`00-${traceId}-${spanId}-01`);
    expect(seen[0]?.get('Authorization')).to.equal('Basic c2VjcmV0');
    expect(span?.attributes).to.deep.equal({
      'http.request.method': 'POST',
      'url.path': '/oauth/introspect',
      'server.address': 'login.example.com',
      'http.response.status_code': 200,
    });
  });

  it('marks what fails', async () => {
    await fetchOf(() => Promise.resolve(new Response('', { status: 503 })))('https://login.example.com/x');
    const error = await fetchOf(() => Promise.reject(new Error('no route')))(
      'https://login.example.com/y',
    ).catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'no route');
    expect(exporter.getFinishedSpans().map(({ status }) => status.code)).to.deep.equal([2, 2]);
  });
});
