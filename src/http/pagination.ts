/** The page size without a `limit`. */
export const defaultLimit = 50;

/**
 * Where the next page starts: `next_cursor` of the previous page.
 * @format uuid
 * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$
 * @maxLength 36
 */
// Without an example: Swagger UI would send it, and show a page that is not the first one.
export type Cursor = string;

/** A page of rows. */
export interface Page<Row> {
  readonly rows: Row[];
  /** The cursor of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** Which page of a list: the parameters of an operation that lists, as `@Queries() query: PageQuery`. */
export interface PageQuery {
  /**
   * The maximum number of items in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page. Default: the first page. */
  cursor?: Cursor;
}

/** A page of a list. */
export interface PageResponse<Item> {
  /** The items of this page. */
  items: Item[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}

/**
 * Reads a page, and one row more to find out whether there is another page.
 * @param read returns up to `limit` rows.
 * @param cursorOf the cursor of the rows after this one.
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

/** Converts a page to the response body of a list operation. */
export function toPageResponse<Row, Item>(
  { rows, next }: Page<Row>,
  asItem: (row: Row) => Item,
): PageResponse<Item> {
  return { items: rows.map(asItem), ...(next !== undefined && { next_cursor: next }) };
}
