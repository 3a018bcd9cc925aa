import { existsSync } from 'node:fs';
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

const listInWords = 'a list such as name=value,other=value';
const isList = (text: string): boolean => text.split(',').every((each) => each.indexOf('=') > 0);

/** Each is also there for traces alone: `OTEL_EXPORTER_OTLP_TRACES_…`. OpenTelemetry ignores what it cannot read, without a word. */
const exporterVariables: Readonly<Record<string, Expectation>> = {
  PROTOCOL: {
    isRight: (text) => text.startsWith('http/'),
    instead: 'http/json or http/protobuf, at port 4318 of a collector',
  },
  ENDPOINT: {
    isRight: (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !text.includes('@'),
    instead:
      'a URL of http or https without user and password, which OpenTelemetry would not send: for a collector that asks for them, set OTEL_EXPORTER_OTLP_HEADERS to Authorization=Basic%20 and user:password in base64',
    isSecret: true,
  },
  HEADERS: {
    isRight: isList,
    instead: listInWords,
    isSecret: true,
  },
  COMPRESSION: { isRight: (text) => ['gzip', 'none'].includes(text), instead: 'gzip or none' },
  TIMEOUT: { isRight: (text) => Number(text) > 0, instead: 'a number of milliseconds' },
  CERTIFICATE: { isRight: existsSync, instead: 'a file' },
  CLIENT_CERTIFICATE: { isRight: existsSync, instead: 'a file' },
  CLIENT_KEY: { isRight: existsSync, instead: 'a file' },
};

interface Expectation {
  readonly isRight: (text: string) => boolean;
  /** What it must be. */
  readonly instead: string;
  /** Whether its value is not shown. */
  readonly isSecret?: boolean;
}

/**
 * @returns undefined where the variables ask for no traces.
 * @throws {StartError} where they ask for what is not supported.
 */
export function readTracingSettings(environment: Environment): TracingSettings | undefined {
  const disabled = readText(environment, 'OTEL_SDK_DISABLED', 'false');
  if (!['true', 'false'].includes(disabled.trim().toLowerCase()))
    throw createError('OTEL_SDK_DISABLED', disabled, 'true or false');
  if (disabled.trim().toLowerCase() === 'true' || findDestination(environment) === undefined)
    return undefined;
  const exporter = readText(environment, 'OTEL_TRACES_EXPORTER', 'otlp');
  if (exporter === 'none') return undefined;
  if (exporter !== 'otlp') throw createError('OTEL_TRACES_EXPORTER', exporter, 'otlp or none');
  assertExporterVariables(environment);
  const given = readText(environment, 'OTEL_TRACES_SAMPLER', 'parentbased_always_on');
  const sampler = samplers.find((each) => each === given);
  if (sampler === undefined) throw createError('OTEL_TRACES_SAMPLER', given, samplers.join(', '));
  const propagators = readText(environment, 'OTEL_PROPAGATORS', 'tracecontext')
    .split(',')
    .map((each) => each.trim());
  if (!propagators.some((each) => each === 'tracecontext' || each === 'none'))
    throw createError('OTEL_PROPAGATORS', propagators.join(','), 'none, or have tracecontext among others');
  return {
    sampler,
    ratio: readNumber(environment, 'OTEL_TRACES_SAMPLER_ARG', 1) ?? 1,
    propagates: propagators.includes('tracecontext'),
    batch: Object.fromEntries(
      Object.entries(batchVariables).flatMap(([key, name]) => {
        const value = readNumber(environment, name);
        return value === undefined ? [] : [[key, value]];
      }),
    ),
  };
}

/** @returns the variable that says where traces go. */
export function findDestination(environment: Environment): string | undefined {
  return destinations.find((name) => environment[name]);
}

/** @throws {StartError} for the first one that is wrong. */
function assertExporterVariables(environment: Environment): void {
  const resource = environment['OTEL_RESOURCE_ATTRIBUTES'];
  if (resource && !isList(resource)) throw createError('OTEL_RESOURCE_ATTRIBUTES', resource, listInWords);
  for (const [end, { isRight, instead, isSecret = false }] of Object.entries(exporterVariables)) {
    for (const name of [`OTEL_EXPORTER_OTLP_TRACES_${end}`, `OTEL_EXPORTER_OTLP_${end}`]) {
      const text = environment[name];
      if (text && !isRight(text)) throw createError(name, isSecret ? '…' : text, instead);
    }
  }
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
