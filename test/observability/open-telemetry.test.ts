import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { expect } from 'chai';
import { startTracing } from '../../src/observability/open-telemetry.js';
import type { Tracing } from '../../src/observability/tracing.js';
import { until } from '../support/until.js';

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
    tracing = startTracing(
      { sampler: 'always_off', ratio: 1, propagates: true, batch: {} },
      '1.2.3',
      pino({ level: 'silent' }),
    );
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

describe('Traces whose collector is unwell', () => {
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  let collector: Server;
  let respond: (response: ServerResponse) => void;
  const variable = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const given = process.env[variable];
  before(async () => {
    collector = createServer((request, response) => {
      request.resume().on('end', () => {
        respond(response);
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    process.env[variable] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  after(async () => {
    if (given === undefined) Reflect.deleteProperty(process.env, variable);
    else process.env[variable] = given;
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  });
  beforeEach(() => logged.splice(0));

  const startAndRecord = (): Tracing => {
    const tracing = startTracing(
      {
        sampler: 'always_on',
        ratio: 1,
        propagates: false,
        batch: { scheduledDelayMillis: 10, maxExportBatchSize: 1 },
      },
      '1.2.3',
      log,
    );
    trace.getTracer('test').startSpan('a request').end();
    return tracing;
  };

  it('are dropped with a line in the log, and another one when it accepts them again', async () => {
    let status = 500;
    respond = (response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
    };
    const tracing = startAndRecord();
    await until(() => logged.length > 0);
    expect(logged[0]).to.include({
      level: 40,
      spans: 1,
      msg: 'sending traces to their collector failed',
    });
    status = 200;
    trace.getTracer('test').startSpan('another one').end();
    await until(() => logged.length > 1);
    expect(logged[1]?.['msg']).to.equal('sending traces to their collector works again');
    await tracing.stop();
  });

  it('do not delay a stop for long where the collector does not respond', async () => {
    respond = () => undefined;
    const tracing = startAndRecord();
    await tracing.stop();
    expect(logged.at(-1)?.['msg']).to.equal(
      'the last traces were not sent: their collector did not respond in time',
    );
  });

  it('end without an error where it is unreachable', async () => {
    respond = (response) => response.destroy();
    const tracing = startAndRecord();
    await tracing.stop();
  });

  it('are named in lines of the log that are written in them', async () => {
    respond = (response) => response.end('{}');
    const tracing = startAndRecord();
    const span = trace.getTracer('test').startSpan('a request');
    expect(tracing.getLogFields()).to.deep.equal({});
    const fields = context.with(trace.setSpan(context.active(), span), () => tracing.getLogFields());
    expect(fields).to.deep.equal({ traceId: span.spanContext().traceId });
    await tracing.stop();
  });
});
