export interface Table {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether all columns are words; otherwise those after the first are figures. */
  readonly isText?: boolean;
}

/** What is asked for, and what was measured. */
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

const aimColumns = ['aim', 'wanted', 'measured', ''];

/** As Markdown: what is printed goes into the file of results as it is. */
export function render({ tables, aims, notes }: Report): string {
  const aimTable: Table = {
    columns: aimColumns,
    rows: aims.map(({ what, aim, measured, isMet }) => [what, aim, measured, isMet ? 'met' : '**missed**']),
  };
  return [...tables, ...(aims.length > 0 ? [aimTable] : [])]
    .map(renderTable)
    .concat([...new Set(notes)].map((note) => `${note}\n`))
    .join('\n');
}

/** The tables and the aims of what `render` has written. */
export function parseReport(text: string): Omit<Report, 'notes'> {
  const tables = [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([lines]): Table => {
    const [columns = [], , ...rows] = lines
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(2, -2).split(' | '));
    return { columns: columns.map((each) => each.trim()), rows };
  });
  const areAims = ({ columns }: Table): boolean => columns.join('|') === aimColumns.join('|');
  return {
    tables: tables.filter((table) => !areAims(table)),
    aims: tables.filter(areAims).flatMap(({ rows }) =>
      rows.map(([what = '', aim = '', measured = '', verdict]) => ({
        what,
        aim,
        measured,
        isMet: verdict === 'met',
      })),
    ),
  };
}

export function renderTable({ title, columns, rows, isText = false }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = columns.map((_, index) => (isText || index === 0 ? '---' : '---:'));
  return `${title === undefined ? '' : `${title}\n\n`}${line(columns)}${line(rule)}${rows.map(line).join('')}`;
}

/** Two significant digits after what a person compares. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'no response';
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
