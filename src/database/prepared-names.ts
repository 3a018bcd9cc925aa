/** A statement that comes this often is worth a name; those of many rows come in many lengths, and each rarely. */
const worthwhile = 3;
/** Each is held by the server for every connection: the service has about a hundred that come often. */
const mostNames = 300;
const mostCounted = 2000;
const longest = 4000;

/**
 * Names for statements that come again and again: the server parses and plans one with a name once for each connection.
 */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  readonly #seen = new Map<string, number>();

  /** @returns undefined for one that is not to be prepared, or not yet. */
  nameOf(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined) return name;
    // A `*` has other columns once another replica has migrated, and the prepared statement fails then.
    if (sql.length > longest || this.#names.size >= mostNames || /(?:select|returning|\.) ?\*/.test(sql))
      return undefined;
    const seen = (this.#seen.get(sql) ?? 0) + 1;
    if (seen < worthwhile) {
      if (this.#seen.size >= mostCounted) this.#seen.clear();
      this.#seen.set(sql, seen);
      return undefined;
    }
    this.#seen.delete(sql);
    const made = `latchkey_${this.#names.size + 1}`;
    this.#names.set(sql, made);
    return made;
  }
}
