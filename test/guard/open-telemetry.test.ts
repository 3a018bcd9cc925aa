import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { guard, Refusal, TokenGuard } from '../../src/guard/guard.js';
import { resolveOptions } from '../../src/guard/options.js';
import { startTestIssuer } from '../../src/guard/testing.js';

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

  /** The guard of a service that does not respond. */
  const createGuard = (openTelemetry?: typeof api): TokenGuard =>
    new TokenGuard(
      resolveOptions({
        issuer: 'https://login.example.com',
        audience: 'reports',
        client: { id: 'id', secret: 'a secret' },
        warn: () => undefined,
        ...(openTelemetry && { openTelemetry }),
        fetch: () => Promise.reject(new Error('no route')),
      }),
    );
  const refused = async (latchkey: TokenGuard, authorization?: string): Promise<string> => {
    const error = await latchkey.check(authorization).catch((reason: unknown) => reason);
    await latchkey.close();
    return error instanceof Refusal ? error.code : String(error);
  };

  it('makes a span of each check, which says how it ended, in the trace of the request', async () => {
    const request = api.trace.getTracer('test').startSpan('request');
    const inRequest = api.trace.setSpan(api.context.active(), request);
    const code = await api.context.with(inRequest, () => refused(createGuard(api)));
    expect(code).to.equal('authentication_required');
    const span = exporter.getFinishedSpans().find(({ name }) => name === 'check access token');
    expect(span?.spanContext().traceId).to.equal(request.spanContext().traceId);
    expect(span?.attributes).to.deep.equal({ 'latchkey.outcome': 'authentication_required' });
    expect(span?.status.code).to.equal(0);
  });

  it('has the requests that a check makes below it, and marks a check that the service fails', async () => {
    const header = Buffer.from('{"alg":"ES256","kid":"a","typ":"at+jwt"}').toString('base64url');
    const code = await refused(createGuard(api), `Bearer ${header}.e30.${'A'.repeat(86)}`);
    expect(code).to.equal('not_ready');
    const spans = exporter.getFinishedSpans();
    const check = spans.find(({ name }) => name === 'check access token');
    expect(check?.attributes).to.deep.equal({ 'latchkey.outcome': 'not_ready' });
    expect(check?.status.code).to.equal(2);
    const below = spans.filter(
      ({ parentSpanContext }) => parentSpanContext?.spanId === check?.spanContext().spanId,
    );
    expect(below.map(({ name }) => name)).to.include('GET /.well-known/oauth-authorization-server');
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.to.include(header);
  });

  it('names the user of a token that is accepted', async () => {
    const issuer = await startTestIssuer();
    const latchkey = guard({ ...issuer.options, openTelemetry: api });
    await latchkey.start();
    await latchkey.check(`Bearer ${await issuer.token({ subject: 'ada' })}`);
    const check = exporter.getFinishedSpans().find(({ name }) => name === 'check access token');
    expect(check?.attributes).to.deep.equal({ 'latchkey.outcome': 'accepted', 'user.id': 'ada' });
    await latchkey.close();
    await issuer.close();
  });

  it('makes no span without the option', async () => {
    expect(await refused(createGuard())).to.equal('authentication_required');
    expect(exporter.getFinishedSpans()).to.deep.equal([]);
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
