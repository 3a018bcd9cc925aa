import { once } from 'node:events';
import type { Command } from 'commander';
import { showControls, showControlsInLines, toVisibleJson } from '../text/visible-text.js';

/** Column → its text for an item. */
type Columns<Item> = Readonly<Record<string, (item: Item) => string>>;

interface ListForm<Item> {
  readonly columns: Columns<Item>;
  /** With `--json`; without it the item is printed as it is. */
  readonly toJson?: (item: Item) => object;
  /** What is printed in place of an empty table. */
  readonly empty: string;
}

/** Where a command prints what it did or found. Messages about problems and progress go to stderr instead. */
export interface Output {
  /** Whether `--json` was given. */
  readonly isJson: boolean;
  /** With `--json` the object in a line, without it the text. */
  print(document: object, text: string): void;
  /** A line of JSON for each item as it comes (NDJSON), with or without `--json`. */
  printLines(items: Iterable<object> | AsyncIterable<object>): Promise<void>;
  /** With `--json` a line for each item as it comes (NDJSON), without it a table. */
  printList<Item>(items: Iterable<Item> | AsyncIterable<Item>, form: ListForm<Item>): Promise<void>;
}

/** How many rows of a table are held back to find the width of its columns; later rows keep it. */
const rowsToMeasure = 200;

interface Sink {
  readonly write: (text: string) => void;
  /** A slow reader holds a list up, rather than have the command keep all of it in memory. */
  readonly drained: () => Promise<unknown>;
}

export function createOutput({ write, drained }: Sink, isJson: boolean): Output {
  const writeLine = async (line: string): Promise<void> => {
    write(`${line}\n`);
    await drained();
  };
  const printLines = async (items: Iterable<object> | AsyncIterable<object>): Promise<void> => {
    for await (const item of items) await writeLine(toVisibleJson(item));
  };
  return {
    isJson,
    printLines,
    print: (document, text) => {
      write(`${isJson ? toVisibleJson(document) : showControlsInLines(text)}\n`);
    },
    printList: async (items, { columns, toJson, empty }) => {
      if (isJson) {
        for await (const item of items) await writeLine(toVisibleJson(toJson ? toJson(item) : item));
        return;
      }
      const table = new Table(Object.keys(columns), writeLine);
      for await (const item of items) await table.add(Object.values(columns).map((cell) => cell(item)));
      if (!(await table.end())) await writeLine(empty);
    },
  };
}

/**
 * Declares `--json`, and gives the action of a command its output, before what commander gives: arguments, then options.
 * @returns the command
 */
export function addAction(
  command: Command,
  action: (output: Output, ...parameters: never[]) => Promise<void> | void,
): Command {
  return command
    .option('--json', 'print JSON: one object, or for a list one in each line')
    .action((...given: unknown[]) => {
      const { json = false } = command.opts<{ json?: boolean }>();
      // Last comes the command itself.
      return action(createOutput(getStdout(command), json), ...(given.slice(0, -1) as never[]));
    });
}

/** Where commander prints help, which tests replace. */
function getStdout(command: Command): Sink {
  const printing = command.configureOutput();
  return {
    write: (text) => {
      printing.writeOut?.(text);
    },
    drained: async () => {
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    },
  };
}

class Table {
  readonly #held: (readonly string[])[] = [];
  #widths: readonly number[] | undefined;

  constructor(
    private readonly heads: readonly string[],
    private readonly write: (line: string) => Promise<void>,
  ) {}

  async add(row: readonly string[]): Promise<void> {
    const shown = row.map(showControls);
    if (this.#widths) return this.#print(shown);
    this.#held.push(shown);
    if (this.#held.length >= rowsToMeasure) await this.#flush();
  }

  /** @returns whether there was a row. */
  async end(): Promise<boolean> {
    if (this.#held.length > 0) await this.#flush();
    return this.#widths !== undefined;
  }

  async #flush(): Promise<void> {
    const rows = [this.heads, ...this.#held.splice(0)];
    this.#widths = this.heads.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
    for (const row of rows) await this.#print(row);
  }

  #print(row: readonly string[]): Promise<void> {
    return this.write(
      row
        .map((cell, index) => cell.padEnd(this.#widths?.[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
