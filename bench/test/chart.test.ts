import { expect } from 'chai';
import { drawBars } from '../chart/bars.ts';
import { buildPanel } from '../chart/chart.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Comparison } from '../scenarios/comparison.ts';
import type { Scenario } from '../scenarios/scenario.ts';

const comparison: Comparison = {
  title: 'Requests/s',
  table: 'subject',
  column: 'a second',
  own: '**Latchkey**',
  others: [
    { row: 'a peer', kind: 'peer', aim: 1 },
    { row: 'a slow peer', kind: 'peer' },
    { row: 'a limit', kind: 'limit', label: 'the limit', aim: 0.7 },
    { row: 'a new peer', kind: 'peer', aim: 2 },
    { row: 'an absent peer', kind: 'peer' },
  ],
};
const results = {
  name: 'a',
  date: '2026-11-28',
  tables: [
    { columns: ['another', 'a second'], rows: [['a peer', '1']] },
    {
      columns: ['subject', 'connections', 'a second'],
      rows: [
        ['**Latchkey**', '10', '1,000'],
        ['**Latchkey**', '32', '1,500'],
        ['a peer', '32', '2,000'],
        ['a slow peer', '32', '75.0'],
        ['a limit', '10', '3,000'],
        ['a limit', '32', '1,500'],
        ['an absent peer', '', 'not measured: Go is not installed'],
      ],
    },
  ],
};

describe('The chart of the benchmarks', () => {
  it('compares the best of each subject, the slowest comparison first, and those without figures last', () => {
    const { groups } = buildPanel(comparison, results);
    expect(groups.map(({ bars }) => bars)).to.deep.equal([
      [{ label: 'the limit', ratio: 0.5, aim: 0.7 }],
      [
        { label: 'a peer', ratio: 0.75, aim: 1 },
        { label: 'a slow peer', ratio: 20 },
        { label: 'a new peer', ratio: NaN, aim: 2 },
        { label: 'an absent peer', ratio: NaN },
      ],
    ]);
  });

  it('says in words what the bars show', () => {
    const svg = drawBars({ title: 'A & B', legend: ['Bars.'], panels: [buildPanel(comparison, results)] });
    expect(svg).to.include('role="img" aria-labelledby="title description"');
    expect(svg).to.include('<title id="title">A &amp; B</title>');
    expect(svg).to.include(
      '<desc id="description">Requests/s, measured on 2026-11-28: the limit 0.50 (aim 0.70); a peer 0.75 (aim 1.00); a slow peer 20.00; a new peer not measured (aim 2.00); an absent peer not measured.</desc>',
    );
    for (const words of ['the limit', 'measured on 2026-11-28', '0.70, missed', '2.00, not measured'])
      expect(svg).to.include(`>${words}</text>`);
  });

  it('draws bars ahead to the right of equal, and those behind to its left', () => {
    const svg = drawBars({ title: '', legend: [], panels: [buildPanel(comparison, results)] });
    const [, equal] = /<line class="equal" x1="([\d.]+)"/.exec(svg) ?? [];
    const bars = [...svg.matchAll(/<rect class="(ahead|behind)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)];
    expect(bars.map(([, kind]) => kind)).to.deep.equal(['behind', 'behind', 'ahead']);
    for (const [, kind, x, length] of bars) {
      const end = kind === 'ahead' ? Number(x) : Number(x) + Number(length);
      expect(end).to.be.closeTo(Number(equal), 0.2);
    }
  });

  it('has colors for light pages and for dark ones', () => {
    const [light, dark] = drawBars({ title: '', legend: [], panels: [] }).split(
      '@media (prefers-color-scheme: dark)',
    );
    for (const style of [light, dark]) expect(style).to.match(/\.page \{ fill: #\w{6} \}/);
  });

  it('says of a scenario without results that it is not measured yet', () => {
    const svg = drawBars({ title: '', legend: [], panels: [buildPanel(comparison, undefined)] });
    expect(svg).to.include('>not measured yet</text>').and.not.include('NaN');
  });

  it('has labels that fit beside the bars', () => {
    const labels = Object.values<Scenario>(scenarios)
      .flatMap(({ comparisons = [] }) => comparisons)
      .flatMap(({ others }) => others.map(({ row, label = row }) => label));
    expect(labels.length).to.be.above(0);
    for (const label of labels) expect(label).to.have.length.at.most(56);
  });
});
