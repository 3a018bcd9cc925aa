import type { Table } from '../harness/report.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Comparison } from '../scenarios/comparison.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { drawBars, type Bar, type Panel } from './bars.ts';

interface Measured {
  readonly name: string;
  readonly date: string;
  readonly tables: readonly Table[];
}

const groupTitles = {
  limit: 'limits, which do less:',
  peer: 'what one might run in its place:',
} as const;

/** What the scenarios want compared, from their last results. */
export function drawChart(results: readonly Measured[]): string {
  return drawBars({
    title: 'Latchkey beside its limits and its peers',
    legend: [
      'Each bar: requests per second of Latchkey, divided by those of the other in the same run; logarithmic.',
      'To the right of "equal" Latchkey is faster, to the left it is slower. The mark across a bar is the aim.',
    ],
    panels: Object.entries<Scenario>(scenarios).flatMap(([name, { comparisons = [] }]) =>
      comparisons.map((comparison) =>
        buildPanel(
          comparison,
          results.find((each) => each.name === name),
        ),
      ),
    ),
  });
}

/** The slower Latchkey is beside it the sooner it is named; what is not measured comes last. */
const rank = ({ ratio }: Bar): number => (Number.isNaN(ratio) ? Number.MAX_VALUE : ratio);

export function buildPanel(
  { title, table: tableName, column, own, others }: Comparison,
  results: Measured | undefined,
): Panel {
  const table = results?.tables.find(({ columns }) => columns[0] === tableName);
  const index = table?.columns.indexOf(column) ?? -1;
  /** The best of the rows of a name; NaN where none has a figure. */
  const figure = (name: string): number => {
    const figures = (table?.rows ?? [])
      .filter(([first]) => first === name)
      .map((row) => Number.parseFloat((row[index] ?? '').replaceAll(',', '')))
      .filter((each) => !Number.isNaN(each));
    return figures.length > 0 ? Math.max(...figures) : NaN;
  };
  const barsOf = (wanted: keyof typeof groupTitles): Bar[] =>
    others
      .filter(({ kind }) => kind === wanted)
      .map(({ row, label = row, aim }) => ({
        label,
        ratio: figure(own) / figure(row),
        ...(aim !== undefined && { aim }),
      }))
      .sort((a, b) => rank(a) - rank(b));
  return {
    title,
    date: results?.date ?? '',
    groups: (['limit', 'peer'] as const)
      .map((kind) => ({ title: groupTitles[kind], bars: barsOf(kind) }))
      .filter(({ bars }) => bars.length > 0),
  };
}
