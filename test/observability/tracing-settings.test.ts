import { expect } from 'chai';
import { readTracingSettings } from '../../src/observability/tracing-settings.js';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('The variables of OpenTelemetry', () => {
  for (const [what, environment] of [
    ['none is set', {}],
    ['only a name is set', { OTEL_SERVICE_NAME: 'login' }],
    ['OTEL_SDK_DISABLED is true', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }],
    ['OTEL_TRACES_EXPORTER is none', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }],
    ['they are empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: '' }],
  ] as const) {
    it(`ask for no traces where ${what}`, () => {
      expect(readTracingSettings(environment)).to.equal(undefined);
    });
  }

  it('ask for all traces by an endpoint, or by the exporter alone', () => {
    const all = { sampler: 'parentbased_always_on', ratio: 1, propagates: true, batch: {} };
    expect(readTracingSettings(endpoint)).to.deep.equal(all);
    expect(readTracingSettings({ OTEL_TRACES_EXPORTER: 'otlp' })).to.deep.equal(all);
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x/v1/traces' })).to.deep.equal(
      all,
    );
  });

  it('say which traces, with what, and in which batches', () => {
    expect(
      readTracingSettings({
        ...endpoint,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
        OTEL_PROPAGATORS: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_BSP_MAX_QUEUE_SIZE: '10',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
        OTEL_BSP_EXPORT_TIMEOUT: '1000',
      }),
    ).to.deep.equal({
      sampler: 'parentbased_traceidratio',
      ratio: 0.25,
      propagates: false,
      batch: {
        scheduledDelayMillis: 100,
        maxQueueSize: 10,
        maxExportBatchSize: 5,
        exportTimeoutMillis: 1000,
      },
    });
  });

  for (const [name, value, instead] of [
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'otlp or none'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/json or http/protobuf'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'always_on'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'a number from 0 to 1'],
    ['OTEL_BSP_SCHEDULE_DELAY', 'soon', 'a number'],
    ['OTEL_SDK_DISABLED', 'yes', 'true or false'],
    ['OTEL_PROPAGATORS', 'b3', 'none, or have tracecontext among others'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'brotli', 'gzip or none'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', 'a number of milliseconds'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/no/such/file', 'a file'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'production', 'a list such as name=value,other=value'],
  ] as const) {
    it(`are refused with a sentence where ${name} is ${value}`, () => {
      expect(() => readTracingSettings({ ...endpoint, [name]: value })).to.throw(
        `${name} is "${value}", but must be ${instead}`,
      );
    });
  }

  it('are refused without their value where it may be a secret', () => {
    expect(() => readTracingSettings({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'Bearer abc' })).to.throw(
      'OTEL_EXPORTER_OTLP_HEADERS is "…", but must be a list such as name=value,other=value.',
    );
    for (const [name, value] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
      ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://user:password@collector:4318'],
    ] as const) {
      expect(() => readTracingSettings({ ...endpoint, [name]: value })).to.throw(
        `${name} is "…", but must be a URL of http or https without user and password`,
      );
    }
  });
});
