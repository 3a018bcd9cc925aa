import { StartError } from '../start-error.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the standard variables of OpenTelemetry say about traces. The exporter and the resource read their own. */
export interface TracingSettings {
  readonly sampler: SamplerName;
  /** Which part of traces is sampled, from 0 to 1. */
  readonly ratio: number;
  /** Whether trace context is taken from requests, and given on. */
  readonly propagates: boolean;
  /** Of the batches that are sent; milliseconds and numbers of spans. Undefined: OpenTelemetry's defaults. */
  readonly batch: {
    readonly scheduledDelayMillis?: number;
    readonly exportTimeoutMillis?: number;
    readonly maxQueueSize?: number;
    readonly maxExportBatchSize?: number;
  };
}

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];

/** One of these says where traces go. */
const destinations = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
];
const batchVariables = {
  scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
  exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
  maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
  maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
} as const;

/**
 * @returns undefined where no traces are wanted.
 * @throws {StartError} where something is wanted that there is not.
 */
export function readTracingSettings(environment: Environment): TracingSettings | undefined {
  const isDisabled = environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
  if (isDisabled || !destinations.some((name) => environment[name])) return undefined;
  const exporter = readText(environment, 'OTEL_TRACES_EXPORTER', 'otlp');
  if (exporter === 'none') return undefined;
  if (exporter !== 'otlp') throw createError('OTEL_TRACES_EXPORTER', exporter, 'otlp or none');
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = environment[name];
    if (protocol && !protocol.startsWith('http/'))
      throw createError(name, protocol, 'http/json or http/protobuf, at port 4318 of a collector');
  }
  const given = readText(environment, 'OTEL_TRACES_SAMPLER', 'parentbased_always_on');
  const sampler = samplers.find((each) => each === given);
  if (sampler === undefined) throw createError('OTEL_TRACES_SAMPLER', given, samplers.join(', '));
  const propagators = readText(environment, 'OTEL_PROPAGATORS', 'tracecontext').split(',');
  return {
    sampler,
    ratio: readNumber(environment, 'OTEL_TRACES_SAMPLER_ARG', 1) ?? 1,
    propagates: propagators.map((each) => each.trim()).includes('tracecontext'),
    batch: Object.fromEntries(
      Object.entries(batchVariables).flatMap(([key, name]) => {
        const value = readNumber(environment, name);
        return value === undefined ? [] : [[key, value]];
      }),
    ),
  };
}

/** An empty variable is as one that is not set (OpenTelemetry's specification of its variables). */
function readText(environment: Environment, name: string, otherwise: string): string {
  const text = environment[name];
  return text === undefined || text === '' ? otherwise : text;
}

function readNumber(environment: Environment, name: string, max = Infinity): number | undefined {
  const text = environment[name];
  if (!text) return undefined;
  const value = Number(text);
  if (!(value >= 0 && value <= max))
    throw createError(name, text, max === Infinity ? 'a number' : `a number from 0 to ${max}`);
  return value;
}

function createError(name: string, value: string, instead: string): StartError {
  return new StartError(`${name} is "${value}", but must be ${instead}.`);
}
