import { expect } from 'chai';
import { selectMetricFormat, toOpenMetrics } from '../../src/observability/prometheus.js';

describe('The format of metrics', () => {
  for (const [accept, format] of [
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/plain', 'text/plain'],
    ['application/openmetrics-text', 'application/openmetrics-text'],
    ['application/openmetrics-text; version=1.0.0', 'application/openmetrics-text'],
    ['text/plain;q=0.5, Application/OpenMetrics-Text;q=0.6', 'application/openmetrics-text'],
    ['text/plain;q=0.6,application/openmetrics-text;q=0.5', 'text/plain'],
    ['text/plain,application/openmetrics-text', 'text/plain'],
    ['application/openmetrics-text;q=0', 'text/plain'],
    [
      'application/openmetrics-text;version=0.0.1;q=0.2,application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5',
      'application/openmetrics-text',
    ],
  ] as const) {
    it(`is ${format} for Accept: ${accept ?? 'none'}`, () => {
      expect(selectMetricFormat(accept)).to.equal(format);
    });
  }

  it('of OpenMetrics names counters without _total, keeps gauges, and ends with # EOF', () => {
    const text = [
      '# HELP a_total A counter.',
      '# TYPE a_total counter',
      'a_total{b="c"} 1',
      '',
      '# HELP d_total A gauge with a counter’s name.',
      '# TYPE d_total gauge',
      'd_total 2',
      '',
    ].join('\n');
    expect(toOpenMetrics(text)).to.equal(
      [
        '# HELP a A counter.',
        '# TYPE a counter',
        'a_total{b="c"} 1',
        '# HELP d_total A gauge with a counter’s name.',
        '# TYPE d_total gauge',
        'd_total 2',
        '# EOF',
        '',
      ].join('\n'),
    );
  });
});
