import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { sql } from 'kysely';
import { copyInto, type CopyOptions } from '../../src/database/copy-database.js';
import type { CopySealing } from '../../src/database/table-copies.js';
import { CopyError } from '../../src/database/copy-error.js';
import { SqliteSnapshot, type Counts } from '../../src/database/copy-source.js';
import type { Database } from '../../src/database/database.js';
import { planOwnTables, previewOwnTables } from '../../src/database/own-copy.js';
import type { ProjectMigrations } from '../../src/latchkey.js';
import { createDatabase, openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { addUser } from '../support/records.js';

/** There are no keys in these databases. */
const sealing: CopySealing = { seal: () => '', opens: () => true };

/** One migration, with SQL for each database. */
function migrationOf(sqlite: string, postgres = sqlite): ProjectMigrations {
  return {
    '0001-own': {
      async up(database, { dialect }) {
        const text = dialect === 'sqlite' ? sqlite : postgres;
        for (const statement of text.split(';').filter((each) => each.trim() !== ''))
          await sql.raw(statement).execute(database);
      },
    },
  };
}

describe('A copy of a project’s own tables', () => {
  const folder = temporaryFolder();
  let made = 0;
  let target: Database;
  beforeEach(async () => {
    target = await createDatabase('postgres');
  });
  afterEach(() => target.close());

  /** A SQLite file with a user, and with rows. */
  async function source(project: ProjectMigrations, rows: string): Promise<string> {
    const file = folder.path(`source-${++made}.db`);
    const database = openTestDatabase({ kind: 'sqlite', file });
    await database.migrate({ project });
    await addUser(database.queries, { id: 'ada' });
    await database.close();
    const connection = new DatabaseSync(file);
    connection.exec(`pragma foreign_keys = off; ${rows}`);
    connection.close();
    return file;
  }

  async function copy(file: string, project: ProjectMigrations, options: CopyOptions = {}): Promise<Counts> {
    const snapshot = new SqliteSnapshot(file);
    try {
      await snapshot.assertVersion(project);
      const hasRows = snapshot.hasOwnRows.bind(snapshot);
      const ownTables = await previewOwnTables(snapshot.readOwnTables(), target, project, hasRows);
      const contents = await snapshot.summarize(ownTables);
      const isNew = !(await tables()).includes('kysely_migration');
      if (isNew) await target.migrate({ project });
      const own = { ownTables, contents, mayReplaceOwnRows: isNew };
      return await copyInto(target, snapshot, sealing, { ...own, ...options });
    } finally {
      snapshot.close();
    }
  }

  const tables = async (): Promise<string[]> =>
    (await target.queries.introspection.getTables({ withInternalKyselyTables: true })).map(
      ({ name }) => name,
    );
  const rowsOf = async (table: string, columns = '*'): Promise<unknown[]> =>
    (await sql`select ${sql.raw(columns)} from ${sql.table(table)} order by 1`.execute(target.queries)).rows;

  async function refusal(file: string, project: ProjectMigrations): Promise<string> {
    const error: unknown = await copy(file, project).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CopyError);
    expect(await tables(), 'nothing was written').to.deep.equal([]);
    return (error as Error).message;
  }

  it('copies rows with the users that they belong to, whatever the names of the tables', async () => {
    const project = migrationOf(
      `create table "order" (id text primary key, "group" text references users (id));
       create table notes (order_id text references "order" (id), "a ""b""" text, primary key (order_id, "a ""b"""))`,
    );
    const file = await source(
      project,
      `insert into "order" values ('1', 'ada'), ('2', null); insert into notes values ('1', 'x'), ('1', 'ü"'), ('2', '')`,
    );
    const counts = await copy(file, project);
    expect(counts).to.include({ users: 1, order: 2, notes: 3 });
    expect(await rowsOf('order')).to.deep.equal([
      { id: '1', group: 'ada' },
      { id: '2', group: null },
    ]);
    expect(await rowsOf('notes')).to.have.length(3);
    await target.migrate({ project });
  });

  it('converts SQLite’s values to PostgreSQL’s types exactly', async () => {
    const columns =
      'big, small, flag, exact, price, ratio, short_ratio, data, raw, day, moment, local, which';
    const project = migrationOf(
      `create table things (id integer primary key, big integer, small integer, flag integer, exact numeric, price text,
         ratio real, short_ratio real, data text, raw text, bytes blob, day text, moment text, local text, which text)`,
      `create table things (id integer primary key, big bigint, small smallint, flag boolean, exact numeric,
         price numeric(10, 2), ratio double precision, short_ratio real, data jsonb, raw json, bytes bytea, day date,
         moment timestamptz, local timestamp, which uuid)`,
    );
    const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
    const file = await source(
      project,
      `insert into things values
         (1, 9223372036854775807, -32768, 1, 1e21, '12.50', 0.1, 0.5, '{"b": [1.50, null], "a": "ü"}', '{"b" : 1}', x'00ff',
          '2026-02-28', '2026-11-24T09:00:00.123Z', '2026-11-24 09:00:00', '${id.toUpperCase()}'),
         (2, 0, 0, 0, 0.000001, '-0.5', 9e999, 1, '[]', '"x"', x'', '2024-02-29', '2026-11-24 09:00:00', '2026-11-24T09:00:00.000001Z', null),
         (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`,
    );
    await copy(file, project);
    const texts = columns.split(', ').map((column) => `${column}::text as ${column}`);
    await sql`set time zone 'UTC'`.execute(target.queries);
    expect(await rowsOf('things', `id, ${texts.join(', ')}, encode(bytes, 'hex') as bytes`)).to.deep.equal([
      {
        ...{ id: 1, big: '9223372036854775807', small: '-32768', flag: 'true' },
        ...{ exact: '1000000000000000000000', price: '12.50', ratio: '0.1', short_ratio: '0.5' },
        ...{ data: '{"a": "ü", "b": [1.50, null]}', raw: '{"b" : 1}', bytes: '00ff', day: '2026-02-28' },
        ...{ moment: '2026-11-24 09:00:00.123+00', local: '2026-11-24 09:00:00', which: id },
      },
      {
        ...{
          id: 2,
          big: '0',
          small: '0',
          flag: 'false',
          exact: '0.000001',
          price: '-0.50',
          ratio: 'Infinity',
        },
        ...{ short_ratio: '1', data: '[]', raw: '"x"', bytes: '', day: '2024-02-29' },
        ...{ moment: '2026-11-24 09:00:00+00', local: '2026-11-24 09:00:00.000001', which: null },
      },
      { id: 3, bytes: null, ...Object.fromEntries(columns.split(', ').map((column) => [column, null])) },
    ]);
  });

  for (const [what, type, value, message] of [
    [
      'a number that is no boolean',
      'boolean',
      '2',
      /^The value of "v" in a row of "t" \(id = 1\) does not fit the target.s column: it is neither 0 nor 1\./,
    ],
    ['a number too large', 'integer', '2147483648', /is too large/],
    ['a text in a column of numbers', 'bigint', `'x'`, /is not a whole number/],
    ['decimals that would be rounded', 'numeric(10, 2)', `'1.234'`, /has more decimals/],
    ['digits that do not fit', 'numeric(3, 2)', `'12.3'`, /is too large/],
    ['a text that is too long', 'varchar(2)', `'abc'`, /is too long/],
    [
      'a text with U+0000',
      'text',
      `'a' || char(0)`,
      /is a text with the character U\+0000, which PostgreSQL cannot store/,
    ],
    [
      'U+0000 before bytes that are not UTF-8',
      'text',
      `cast(x'61006200ff' as text)`,
      /^The value of "v" in a row of "t" \(id = 1\) is a text with the character U\+0000/,
    ],
    ['JSON that is none', 'jsonb', `'{'`, /is not JSON/],
    ['JSON with U+0000', 'jsonb', `'"\\u0000"'`, /: it has the character U\+0000/],
    ['JSON with half of a surrogate pair', 'jsonb', `'{"\\ud800": 1}'`, /: it has half of a surrogate pair/],
    ['JSON with a number too large', 'jsonb', `'[1e400000]'`, /: it has a number with more digits than/],
    ['JSON with a number too exact', 'jsonb', `'[-1.5E-16383]'`, /: it has a number with more digits than/],
    ['JSON with a member twice', 'jsonb', `'{"a": 1, "b": {"a" : 1, "a": 2}}'`, /: it has a member twice/],
    ['a number of too many digits', 'numeric', `'1e+400000'`, /: it has more digits than PostgreSQL stores/],
    [
      'bytes that are not UTF-8',
      'text',
      `cast(x'ff41' as text)`,
      /^The value of "v" in a row of "t" \(id = 1\) is a text with bytes that are not UTF-8/,
    ],
    ['a lone surrogate in bytes', 'text', `cast(x'eda080' as text)`, /bytes that are not UTF-8/],
    ['bytes that are not UTF-8 in JSON', 'json', `cast(x'22ff22' as text)`, /bytes that are not UTF-8/],
    ['a time of no known zone', 'timestamptz', `'yesterday'`, /is not a time in UTC such as/],
    ['a time as a number', 'timestamptz', '1795510800000', /is not a text/],
    ['a day that there is not', 'date', `'2026-02-30'`, /is no day/],
    ['a text that is no UUID', 'uuid', `'x'`, /is not a UUID/],
    ['a text that is no BLOB', 'bytea', `'x'`, /is not a BLOB/],
    ['a number more exact than its type', 'real', '0.1', /is more exact than the type real/],
    [
      'a type that nothing can be made for',
      'interval',
      `'1 day'`,
      /^The column "v" of "t" has the type interval in the target/,
    ],
  ] as const) {
    it(`refuses ${what}, before anything is written`, async () => {
      const project = migrationOf(
        'create table t (id integer primary key, v)',
        `create table t (id integer primary key, v ${type})`,
      );
      const file = await source(project, `insert into t values (1, ${value})`);
      expect(await refusal(file, project)).to.match(message);
    });
  }

  it('copies JSON and texts that only resemble the refused ones', async () => {
    const project = migrationOf(
      'create table t (id integer primary key, v text, w text)',
      'create table t (id integer primary key, v jsonb, w text)',
    );
    const json = String.raw`{"a:b": "x\": \"x\": 1e999999", "a": "\\u0000 \\ud800", "n": [1e1000, {"a": "\ud83d\ude42"}]}`;
    await copy(await source(project, `insert into t values (1, '${json}', '\uFFFD ü\n')`), project);
    expect(await rowsOf('t', 'w')).to.deep.equal([{ w: '\uFFFD ü\n' }]);
  });

  it('refuses a name of Latchkey’s own tables that is not UTF-8', async () => {
    const project = migrationOf('create table t (id text primary key)');
    const file = await source(project, `update users set username = cast(x'61ff' as text)`);
    expect(await refusal(file, project)).to.match(
      /^The value of "username" in a row of "users" \(id = "ada"\)/,
    );
  });

  it('refuses U+0000 in Latchkey’s own tables, as in the salt of an imported hash', async () => {
    const project = migrationOf('create table t (id text primary key)');
    const file = await source(
      project,
      `update users set password_hash = 'imported-hash/1/pbkdf2-sha256/0000001000/pbkdf2:sha256:1000$a' || char(0) || 'b$00'`,
    );
    expect(await refusal(file, project)).to.equal(
      'The value of "password_hash" in a row of "users" (id = "ada") is a text with the character U+0000, which PostgreSQL cannot store. Correct it in the source first.',
    );
  });

  it('names a row by its key on one line, without characters that a terminal would act on', async () => {
    const project = migrationOf(
      'create table t (a text, b blob, v integer, primary key (a, b))',
      'create table t (a text, b bytea, v integer, primary key (a, b))',
    );
    const file = await source(project, `insert into t values ('x' || char(10, 27, 34), x'00ff', 'no')`);
    expect(await refusal(file, project)).to.equal(
      String.raw`The value of "v" in a row of "t" (a = "x\n\u001b\"", b = x'00ff') does not fit the target's column: it is not a whole number. Correct it in the source first.`,
    );
  });

  it('says which rows PostgreSQL refuses by a constraint that the target alone has', async () => {
    const project = migrationOf(
      'create table t (id integer primary key, v integer)',
      'create table t (id integer primary key, v integer check (v > 0))',
    );
    const file = await source(project, 'insert into t values (1, 1), (2, 0)');
    const error: unknown = await copy(file, project).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CopyError);
    expect((error as Error).message).to.match(
      /^PostgreSQL refuses one of the rows of "t" from id = 1 to id = 2: .*violates check constraint.*Correct it in the source, then copy with --begin-again\.$/,
    );
  });

  for (const [what, sqlite, postgres, message] of [
    [
      'a table that is not in the target',
      'create table t (id text primary key)',
      'select 1',
      /^The table "t" of the source is not in the target: no migration of the project makes it on PostgreSQL\.$/,
    ],
    [
      'a column that is in the source alone',
      'create table t (id text primary key, more text)',
      'create table t (id text primary key)',
      /^The table "t" has the column "more" in the source alone/,
    ],
    [
      'a column that is in the target alone',
      'create table t (id text primary key)',
      'create table t (id text primary key, more text)',
      /^The table "t" has the column "more" in the target alone/,
    ],
    [
      'a virtual table',
      'create table t (id text primary key); create virtual table words using fts5 (word)',
      'create table t (id text primary key)',
      /^The table "words" is a virtual one of SQLite/,
    ],
    [
      'tables that refer to each other in columns that must not be empty',
      'create table t (id text primary key, u_id text not null references u (id)); create table u (id text primary key, t_id text not null references t (id))',
      'create table t (id text primary key, u_id text not null); create table u (id text primary key, t_id text not null references t (id))',
      /^The tables "t", "u" refer to each other or to themselves in columns that must not be empty/,
    ],
  ] as const) {
    it(`refuses ${what}, before anything is written`, async () => {
      const project = migrationOf(sqlite, postgres);
      const rows = what.includes('table that') ? `insert into t values ('1')` : '';
      expect(await refusal(await source(project, rows), project)).to.match(message);
    });
  }

  it('skips a table that has no rows and that PostgreSQL does not have', async () => {
    const project = migrationOf('create table t (id text primary key)', 'select 1');
    expect(await copy(await source(project, ''), project)).not.to.have.property('t');
  });

  it('refuses a file of another version of the project', async () => {
    const project = migrationOf('create table t (id text primary key)');
    const file = await source(project, '');
    for (const other of [{}, { ...project, '0002-more': { up: () => Promise.resolve() } }]) {
      expect(await refusal(file, other)).to.match(
        /was written by another version of this project\. Start this version on it once, then copy\.$/,
      );
    }
  });

  it('finds the order of tables by their keys, of rows that refer to their own table, and of rings', async () => {
    const project = migrationOf(
      `create table a (id text primary key, b_id text not null references b (id), parent text references a (id));
       create table b (id text primary key, c_id text references c (id));
       create table c (id text primary key, a_id text references a (id))`,
      `create table b (id text primary key, c_id text);
       create table a (id text primary key, b_id text not null references b (id), parent text references a (id));
       create table c (id text primary key, a_id text references a (id));
       alter table b add foreign key (c_id) references c (id)`,
    );
    const rows = `insert into a values ('1', '1', '2'), ('2', '1', '3'), ('3', '2', '3'), ('4', '2', null);
      insert into b values ('1', '1'), ('2', null); insert into c values ('1', '4')`;
    await copy(await source(project, rows), project);
    expect(await rowsOf('a')).to.deep.equal([
      { id: '1', b_id: '1', parent: '2' },
      { id: '2', b_id: '1', parent: '3' },
      { id: '3', b_id: '2', parent: '3' },
      { id: '4', b_id: '2', parent: null },
    ]);
    expect(await rowsOf('b')).to.deep.equal([
      { id: '1', c_id: '1' },
      { id: '2', c_id: null },
    ]);
    expect(await rowsOf('c')).to.deep.equal([{ id: '1', a_id: '4' }]);
  });

  it('continues the numbers that columns generate, past those of deleted rows where SQLite keeps them', async () => {
    const project = migrationOf(
      `create table numbered (id integer primary key autoincrement, name text);
       create table serials (id integer primary key, name text);
       create table empty (id integer primary key, name text)`,
      `create table numbered (id bigint primary key generated always as identity, name text);
       create table serials (id serial primary key, name text);
       create table empty (id bigint primary key generated by default as identity, name text)`,
    );
    const rows = `insert into numbered (name) values ('a'), ('b'), ('c'); delete from numbered where id > 1;
      insert into serials values (7, 'a')`;
    await copy(await source(project, rows), project);
    for (const [table, expected] of [
      ['numbered', 4],
      ['serials', 8],
      ['empty', 1],
    ] as const) {
      const { rows: inserted } = await sql<{
        id: number;
      }>`insert into ${sql.table(table)} (name) values ('new') returning id`.execute(target.queries);
      expect(inserted, table).to.deep.equal([{ id: expected }]);
    }
  });

  it('leaves to the database what it computes itself', async () => {
    const project = migrationOf(
      `create table t (id text primary key, name text, loud text generated always as (upper(name)) stored)`,
    );
    await copy(await source(project, `insert into t (id, name) values ('1', 'ada')`), project);
    expect(await rowsOf('t')).to.deep.equal([{ id: '1', name: 'ada', loud: 'ADA' }]);
  });

  it('copies a table without a primary key, including equal rows', async () => {
    const project = migrationOf('create table t (name text)');
    await copy(await source(project, `insert into t values ('a'), ('a'), ('b'), (null)`), project, {
      rowsPerBatch: 1,
    });
    expect(await rowsOf('t')).to.deep.equal([{ name: 'a' }, { name: 'a' }, { name: 'b' }, { name: null }]);
  });

  it('continues after an interruption at any row', async () => {
    const project = migrationOf(
      `create table b_parents (id integer, part blob, parent_id integer, primary key (id, part));
       create table a_children (id integer primary key, of integer references a_children (id))`,
      `create table b_parents (id integer, part bytea, parent_id integer, primary key (id, part));
       create table a_children (id integer primary key, of integer references a_children (id))`,
    );
    const file = await source(
      project,
      `insert into b_parents values (1, x'00', 1), (1, x'01', 2), (2, x'', 3);
       insert into a_children values (1, 3), (2, 1), (3, null)`,
    );
    for (let done = 1; done <= 7; done += 1) {
      await target.close();
      target = await createDatabase('postgres');
      await target.migrate({ project });
      const interruption = new AbortController();
      let left = done;
      const options: CopyOptions = {
        rowsPerBatch: 1,
        signal: interruption.signal,
        onProgress: (_table, _rows, isWhole) => {
          if (!isWhole && --left === 0) interruption.abort();
        },
      };
      const error: unknown = await copy(file, project, options).catch((reason: unknown) => reason);
      expect((error as Error).message, `${done}`).to.match(/^The copy was interrupted\./);
      const counts = await copy(file, project, { rowsPerBatch: 1 });
      expect(counts).to.include({ a_children: 3, b_parents: 3 });
      expect(await rowsOf('a_children')).to.deep.equal([
        { id: 1, of: 3 },
        { id: 2, of: 1 },
        { id: 3, of: null },
      ]);
      expect(await rowsOf('b_parents')).to.have.length(3);
    }
  });

  it('refuses to continue where the project’s rows have changed since', async () => {
    const project = migrationOf('create table t (id integer primary key, name text)');
    const file = await source(project, `insert into t values (1, 'a'), (2, 'b')`);
    const interruption = new AbortController();
    interruption.abort();
    await copy(file, project, { signal: interruption.signal }).catch(() => undefined);
    const connection = new DatabaseSync(file);
    connection.exec(`update t set name = 'c' where id = 2`);
    connection.close();
    const error: unknown = await copy(file, project).catch((reason: unknown) => reason);
    expect((error as Error).message).to.match(/has changed since the copy began \(t\)/);
  });

  it('replaces what migrations have put into the tables, and refuses what anyone else has', async () => {
    const project = migrationOf(
      `create table kinds (id text primary key); insert into kinds values ('made by a migration')`,
    );
    const file = await source(project, `insert into kinds values ('made later')`);
    await copy(file, project);
    expect(await rowsOf('kinds')).to.deep.equal([{ id: 'made by a migration' }, { id: 'made later' }]);

    await target.close();
    target = await createDatabase('postgres');
    await target.migrate({ project });
    const error: unknown = await copy(file, project).catch((reason: unknown) => reason);
    expect((error as Error).message).to.match(/^The target is not empty: its table "kinds" has rows\./);
  });

  it('finds a row that was changed during the copy', async () => {
    const project = migrationOf('create table t (id integer primary key, v numeric)');
    const file = await source(project, 'insert into t values (1, 1.5)');
    const snapshot = new SqliteSnapshot(file);
    await target.migrate();
    await sql`create table t (id integer primary key, v numeric)`.execute(target.queries);
    await sql`create function double() returns trigger language plpgsql as
      'begin new.v := new.v * 2; return new; end'`.execute(target.queries);
    await sql`create trigger doubles before insert on t for each row execute function double()`.execute(
      target.queries,
    );
    const ownTables = await planOwnTables(snapshot.readOwnTables(), target.queries, () => true);
    const error: unknown = await copyInto(target, snapshot, sealing, { ownTables }).catch(
      (reason: unknown) => reason,
    );
    snapshot.close();
    expect((error as Error).message).to.match(/^The copy is not equal to its source \(t\)/);
  });

  it('is refused before it begins where rows refer to some that are not there, which a shell lets happen', async () => {
    const project = migrationOf(
      'create table nodes (id text primary key, parent text references nodes (id))',
    );
    const file = await source(project, `insert into nodes values ('a', null), ('b', 'gone'), ('c', 'a')`);
    const snapshot = new SqliteSnapshot(file);
    expect(() => {
      snapshot.assertReferences();
    }).to.throw(
      CopyError,
      /^The table "nodes" has rows that refer to rows of "nodes" that are not there \(rowid 2\), and PostgreSQL would/,
    );
    snapshot.close();
  });
});
