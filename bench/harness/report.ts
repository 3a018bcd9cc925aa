export interface Table {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the issue of speed asks for, and what was measured. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
  readonly notes: readonly string[];
}

/** As Markdown: what is printed goes into README.md as it is. */
export function render({ tables, aims, notes }: Report): string {
  const aimTable: Table = {
    columns: ['aim', 'wanted', 'measured', ''],
    rows: aims.map(({ what, aim, measured, isMet }) => [what, aim, measured, isMet ? 'met' : '**missed**']),
  };
  return [...tables, ...(aims.length > 0 ? [aimTable] : [])]
    .map(renderTable)
    .concat([...new Set(notes)].map((note) => `${note}\n`))
    .join('\n');
}

function renderTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return `${title === undefined ? '' : `${title}\n\n`}${line(columns)}${line(rule)}${rows.map(line).join('')}`;
}

/** Two significant digits after what a person compares. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'no answer';
  if (value >= 1000 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function ratio(value: number): string {
  return value.toFixed(2);
}

/** An aim that is a ratio which must not be smaller. */
export function atLeast(what: string, wanted: number, measured: number): Aim {
  return { what, aim: `at least ${ratio(wanted)}`, measured: ratio(measured), isMet: measured >= wanted };
}

/** An aim that must not be greater. */
export function atMost(what: string, wanted: number, measured: number, unit = ''): Aim {
  return {
    what,
    aim: `at most ${number(wanted)}${unit}`,
    measured: `${number(measured)}${unit}`,
    isMet: measured <= wanted,
  };
}
