import {
  metricDefinitions,
  type ObservedMetricName,
  type MetricDefinition,
  type ReadMetricName,
} from './metric-definitions.js';
import { Counter, Gauge, Histogram, Registry, toOpenMetrics, type MetricFormat } from './prometheus.js';

/** A value, with the labels that tell it from the others of its metric. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

/** Reads a metric; undefined where there is nothing to say. */
export type MetricReader = () => number | undefined | Iterable<Sample>;

/** The values of a histogram with these labels. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  /** How many values each bucket has, not cumulated; one more than there are bounds. */
  readonly buckets: Iterable<number>;
  readonly sum: number;
}

export type MetricReaders = Readonly<
  Record<ReadMetricName, MetricReader> & Record<'requestDuration', () => Iterable<HistogramSample>>
>;

/** The metrics of one service. Each has a registry of its own: there may be several services in a process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #histograms = new Map<string, InstanceType<typeof Histogram>>();

  constructor(readers: MetricReaders) {
    for (const [key, definition] of Object.entries<MetricDefinition>(metricDefinitions)) {
      if (key === 'requestDuration') this.#readHistogram(definition, readers.requestDuration);
      else if (definition.type === 'histogram') this.#histograms.set(key, this.#createHistogram(definition));
      else this.#register(definition, readers[key as ReadMetricName]);
    }
  }

  /**
   * For observations of a histogram.
   * @returns to be called with each value, in the unit of the histogram.
   */
  createObserver(name: ObservedMetricName): (value: number) => void {
    const histogram = this.#histograms.get(name);
    if (!histogram) throw new Error(`There is no histogram ${name}.`);
    return (value) => {
      histogram.observe(value);
    };
  }

  async render(format: MetricFormat): Promise<string> {
    const text = await this.#registry.metrics();
    return format === 'application/openmetrics-text' ? toOpenMetrics(text) : text;
  }

  #createHistogram({ name, help, labels = [], buckets = [] }: MetricDefinition) {
    return new Histogram({
      ...{ name, help, labelNames: [...labels], buckets: [...buckets] },
      registers: [this.#registry],
    });
  }

  #readHistogram(definition: MetricDefinition, read: () => Iterable<HistogramSample>): void {
    const { name, help, type, buckets = [] } = definition;
    const histogram = this.#createHistogram(definition);
    const bounds = [...buckets.map(String), '+Inf'];
    // What a registry of prom-client calls, and its types do not name.
    Object.assign(histogram, {
      getForPromString: () => {
        const values = [...read()].flatMap((sample) => toHistogramLines(name, bounds, sample));
        return Promise.resolve({ name, help, type, values });
      },
    });
  }

  #register({ name, help, labels = [], type }: MetricDefinition, read: MetricReader): void {
    const configuration = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (type === 'gauge') {
      const gauge = new Gauge<string>({
        ...configuration,
        collect: () => {
          gauge.reset();
          // prom-client begins a metric without labels with a 0, where there may be nothing to say.
          gauge.remove({});
          for (const [value, given = {}] of toSamples(read())) gauge.set({ ...given }, value);
        },
      });
    } else {
      const counter = new Counter<string>({
        ...configuration,
        collect: () => {
          counter.reset();
          for (const [value, given = {}] of toSamples(read())) counter.inc({ ...given }, value);
        },
      });
    }
  }
}

interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function toHistogramLines(
  name: string,
  bounds: readonly string[],
  { labels, buckets, sum }: HistogramSample,
): Line[] {
  let count = 0;
  const lines = [...buckets].map((inBucket, index): Line => {
    count += inBucket;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '' }, value: count };
  });
  return [
    ...lines,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function toSamples(read: ReturnType<MetricReader>): Iterable<Sample> {
  if (read === undefined) return [];
  return typeof read === 'number' ? [[read]] : read;
}
