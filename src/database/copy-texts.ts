import { isUtf8 } from 'node:buffer';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { CopyError } from './copy-error.js';
import { describeKey } from './copy-words.js';
import { quote, rowNumber, type SourceTable } from './own-tables.js';

/** A column of the result, beside those of the key. */
const hasNul = 'latchkey: has U+0000';

/**
 * SQLite keeps any bytes as text. PostgreSQL refuses those with U+0000 without naming the row. Reading puts U+FFFD in place of
 * what is not UTF-8, so that the copy would seem to be equal to its source.
 * @throws {CopyError} which names the first such value.
 */
export function assertStorableTexts(
  connection: DatabaseSync,
  tables: readonly Pick<SourceTable, 'name' | 'columns' | 'key'>[],
): void {
  connection.function('is_utf8', { deterministic: true }, (bytes: SQLOutputValue) =>
    bytes instanceof Uint8Array && isUtf8(bytes) ? 1 : 0,
  );
  for (const { name, columns, key } of tables) {
    const place = key.length > 0 ? key.map(quote).join(', ') : rowNumber;
    for (const column of columns) {
      const value = quote(column);
      const bytes = `cast(${value} as blob)`;
      // The pattern finds what is not ASCII without a call of JavaScript. It ends at U+0000.
      const statement = connection.prepare(
        `select ${place}, instr(${bytes}, x'00') > 0 as ${quote(hasNul)} from ${quote(name)}
         where typeof(${value}) = 'text' and (instr(${bytes}, x'00') > 0
         or (${value} glob '*[^ -~]*' and not is_utf8(${bytes}))) limit 1`,
      );
      statement.setReadBigInts(true);
      const row = statement.get();
      if (!row) continue;
      const which = describeKey(key, row);
      throw new CopyError(
        `The value of "${column}" in a row of "${name}" (${which}) is a text with ${row[hasNul] === 1n ? 'the character U+0000' : 'bytes that are not UTF-8'}, which PostgreSQL cannot store. Correct it in the source first.`,
      );
    }
  }
}
