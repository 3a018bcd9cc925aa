/** How many rows a page has unless it is told otherwise. */
export const defaultLimit = 50;

/**
 * Where a page goes on: what `next_cursor` of the page before said.
 * @format uuid
 * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$
 * @maxLength 36
 */
// Without an example: Swagger UI would send it, and show a page that is not the first one.
export type Cursor = string;

/** A page, and the cursor of the next one where there is one. */
export interface Page<Row> {
  readonly rows: Row[];
  /** What the next page comes after. */
  readonly next: string | undefined;
}

/**
 * Reads a page, and by one row more whether there is another.
 * @param read gives so many rows at most.
 * @param cursorOf what the rows after this one come after.
 */
export async function readPage<Row extends { readonly id: string }>(
  limit: number,
  read: (limit: number) => Promise<Row[]>,
  cursorOf: (row: Row) => string = ({ id }) => id,
): Promise<Page<Row>> {
  const found = await read(limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last ? cursorOf(last) : undefined };
}

/** The page as it is answered. */
export function toPageResponse<Row, Item>(
  { rows, next }: Page<Row>,
  asItem: (row: Row) => Item,
): { items: Item[]; next_cursor?: string } {
  return { items: rows.map(asItem), ...(next !== undefined && { next_cursor: next }) };
}
