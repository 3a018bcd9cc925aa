import { isUtf8 } from 'node:buffer';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { CopyError } from './copy-error.js';
import { describeKey } from './copy-words.js';
import { quote, rowNumber, type SourceTable } from './own-tables.js';

/**
 * SQLite keeps any bytes as text. Reading puts U+FFFD in place of those that are not UTF-8, so that the copy would seem to be
 * equal to its source.
 * @throws {CopyError} which names the first such value.
 */
export function assertUtf8(
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
      // The pattern finds what is not ASCII without a call of JavaScript.
      const statement = connection.prepare(
        `select ${place} from ${quote(name)} where typeof(${value}) = 'text' and ${value} glob '*[^ -~]*'
         and not is_utf8(cast(${value} as blob)) limit 1`,
      );
      statement.setReadBigInts(true);
      const row = statement.get();
      if (!row) continue;
      const which = describeKey(key, row);
      throw new CopyError(
        `The value of "${column}" in a row of "${name}" (${which}) is a text with bytes that are not UTF-8, which PostgreSQL cannot store. Correct it in the source first.`,
      );
    }
  }
}
