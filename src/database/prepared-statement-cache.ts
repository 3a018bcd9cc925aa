/** A statement is prepared at its third use; inserts of many rows have many lengths, each rare. */
const minUses = 3;
/** The server holds each for every connection; the service has about a hundred frequent statements. */
const maxStatements = 300;
const maxCounted = 2000;
const maxLength = 4000;

/**
 * Names for frequent statements, for speed: the server parses and plans a named statement once per connection. Without a
 * name, a refresh's statement takes twice as long, where commits wait for no disk 4 to 6 times (`npm run bench -- statements`).
 */
export class PreparedStatementCache {
  readonly #names = new Map<string, string>();
  readonly #seen = new Map<string, number>();

  /** @returns undefined for a statement that is not prepared, or not yet. */
  getName(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined) return name;
    // The columns of `*` change when another replica migrates, and the prepared statement would fail.
    if (
      sql.length > maxLength ||
      this.#names.size >= maxStatements ||
      /(?:select|returning|\.) ?\*/.test(sql)
    )
      return undefined;
    const seen = (this.#seen.get(sql) ?? 0) + 1;
    if (seen < minUses) {
      if (this.#seen.size >= maxCounted) this.#seen.clear();
      this.#seen.set(sql, seen);
      return undefined;
    }
    this.#seen.delete(sql);
    const made = `latchkey_${this.#names.size + 1}`;
    this.#names.set(sql, made);
    return made;
  }
}
