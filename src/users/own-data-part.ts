import type { Queries } from '../database/database.js';
import type { Schema } from '../database/schema.js';
import { nextTurn } from '../event-loop.js';

/** What a folder stores about a user, as a list in what users read of themselves. */
export interface OwnDataPart {
  /** The field of `OwnData` that the list is in. */
  readonly field: string;
  /** The tables whose rows it has. */
  readonly tables: readonly (keyof Schema)[];
  /** The entries, read in pages, so that memory holds one page however many there are. Without secrets and hashes. */
  readonly list: (queries: Queries, userId: string) => AsyncIterable<object>;
}

/** About two milliseconds of reading and writing JSON. */
const rowsPerPage = 100;

/**
 * Reads rows in pages, each in a turn of its own.
 * @param read called with the last row of the page before; undefined for the first.
 */
export async function* readInPages<Row>(
  read: (after: Row | undefined, limit: number) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  let last: Row | undefined;
  do {
    await nextTurn();
    const page: readonly Row[] = await read(last, rowsPerPage);
    yield* page;
    last = page.length < rowsPerPage ? undefined : page.at(-1);
  } while (last !== undefined);
}
