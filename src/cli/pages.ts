import type { Page } from '../http/pagination.js';

/** Rows of a page: a command reads lists to their end, without having all of it in memory. */
const rowsPerPage = 200;

/** The rows of all pages, which are read one after the other. */
export async function* readPages<Row>(
  read: (limit: number, after: string | undefined) => Promise<Page<Row>>,
): AsyncGenerator<Row> {
  let after: string | undefined;
  do {
    const page = await read(rowsPerPage, after);
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}
