import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { openSqlite } from '../../src/database/sqlite.js';
import { createDatabase, openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

describe('SQLite', () => {
  const folder = temporaryFolder();
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  for (const [pragma, value] of [
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['busy_timeout', 5000],
  ] as const) {
    it(`is opened with ${pragma} at ${value}`, () => {
      const database = openSqlite(folder.path('pragmas.db'));
      expect(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})).to.deep.equal([value]);
      database.close();
    });
  }

  it('has STRICT tables', async () => {
    const database = await createDatabase('sqlite');
    await database.migrate();
    const { rows } = await sql<{ name: string; strict: number }>`select name, strict from pragma_table_list
      where schema = 'main' and type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`.execute(
      database.queries,
    );
    expect(rows).not.to.be.empty;
    expect(rows.filter(({ strict }) => strict !== 1)).to.deep.equal([]);
    await database.close();
  });

  it('creates the file and its folder, readable for their owner alone', () => {
    const file = folder.path('new/folder/data.db');
    const database = openSqlite(file);
    database.exec('create table something (id text) strict');
    expect(modeOf(file)).to.equal(0o600);
    expect(modeOf(`${file}-wal`)).to.equal(0o600);
    expect(modeOf(dirname(file))).to.equal(0o700);
    database.close();
  });

  it('does not change the permissions of an existing folder and file', () => {
    const file = folder.path('old/data.db');
    mkdirSync(dirname(file), { mode: 0o755 });
    writeFileSync(file, '', { mode: 0o644 });
    openSqlite(file).close();
    expect(modeOf(file)).to.equal(0o644);
    expect(modeOf(dirname(file))).to.equal(0o755);
  });

  it('refuses a file that is not a database', () => {
    const file = folder.path('letter.txt');
    writeFileSync(file, 'Dear Ada, this is not a database. '.repeat(100));
    expect(() => openSqlite(file)).to.throw('not a database');
  });

  it('accepts any number of different statements', async () => {
    const database = openTestDatabase({ kind: 'sqlite', file: ':memory:' });
    for (const round of [1, 2]) {
      for (let number = 0; number < 510; number++) {
        const { rows } = await sql`select ${sql.lit(number)} as number`.execute(database.queries);
        expect(rows, `round ${round}`).to.deep.equal([{ number }]);
      }
    }
    await database.close();
  });
});
