/** A statement that comes this often is worth a name; those of many rows come in many lengths, and each rarely. */
const minUses = 3;
/** Each is held by the server for every connection: the service has about a hundred that come often. */
const maxStatements = 300;
const maxCounted = 2000;
const maxLength = 4000;

/**
 * Names for statements that come again and again: the server parses and plans one with a name once for each connection.
 */
export class PreparedStatementCache {
  readonly #names = new Map<string, string>();
  readonly #seen = new Map<string, number>();

  /** @returns undefined for one that is not to be prepared, or not yet. */
  nameOf(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined) return name;
    // A `*` has other columns once another replica has migrated, and the prepared statement fails then.
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
