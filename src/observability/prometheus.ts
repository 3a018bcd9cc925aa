// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- the package's parts have no types of their own
import { createRequire } from 'node:module';
import type * as prometheus from 'prom-client';

const require = createRequire(import.meta.url);

/**
 * The parts of prom-client that are used. The whole takes six times as long to load, and loads OpenTelemetry's API, which
 * is for those alone who have set it up.
 */
export const Registry = require('prom-client/lib/registry.js') as typeof prometheus.Registry;
export const Counter = require('prom-client/lib/counter.js') as typeof prometheus.Counter;
export const Gauge = require('prom-client/lib/gauge.js') as typeof prometheus.Gauge;
export const Histogram = require('prom-client/lib/histogram.js') as typeof prometheus.Histogram;

export type Registry = prometheus.Registry;

/** The media types of the formats, without parameters. */
export const metricFormats = ['text/plain', 'application/openmetrics-text'] as const;
export type MetricFormat = (typeof metricFormats)[number];

export const metricContentTypes: Readonly<Record<MetricFormat, string>> = {
  'text/plain': 'text/plain; version=0.0.4; charset=utf-8',
  'application/openmetrics-text': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Writes what a registry has written in Prometheus' format in the one of OpenMetrics 1.0. A registry of prom-client 15 can
 * do one of the two only: it takes `_total` from the names of its counters for good when it writes OpenMetrics.
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+)_total counter$/gm)].map(([, name]) => name));
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(/^(# (?:HELP|TYPE) )(\S+)_total /, (whole, start: string, name: string) =>
        counters.has(name) ? `${start}${name} ` : whole,
      ),
    );
  return `${lines.join('\n')}\n# EOF\n`;
}

/**
 * The format that a client prefers by its `Accept`: Prometheus' own where it likes both alike. Parameters other than `q`
 * do not count: Prometheus names versions and escapings there that this service need not know.
 */
export function selectMetricFormat(accept: string | undefined): MetricFormat {
  const weights = new Map<string, number>();
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((each) => each.trim().toLowerCase());
    const weight = parameters.find((each) => each.startsWith('q='))?.slice(2);
    weights.set(type, Math.max(weights.get(type) ?? 0, weight === undefined ? 1 : Number(weight) || 0));
  }
  const plain = weights.get('text/plain') ?? 0;
  return (weights.get('application/openmetrics-text') ?? 0) > plain
    ? 'application/openmetrics-text'
    : 'text/plain';
}
