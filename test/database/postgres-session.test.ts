import { expect } from 'chai';
import { sql } from 'kysely';
import { openTestDatabase } from '../support/databases.js';
import { sessionSettings } from '../../src/database/postgres-session.js';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import { queryOn } from '../support/postgres-server.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** Settings of an operator, a provider or another database, as far as possible from what the service relies on. */
const hostile: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  // These apply until a new session has set its own; a busy machine may need that long.
  statement_timeout: '7s',
  idle_in_transaction_session_timeout: '7s',
  lock_timeout: '1ms',
  idle_session_timeout: '7s',
  transaction_timeout: '7s',
  client_encoding: 'LATIN1',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  transform_null_equals: 'on',
  array_nulls: 'off',
  timezone: 'Asia/Kathmandu',
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  row_security: 'on',
  synchronous_commit: 'off',
  session_replication_role: 'replica',
};

/** In one database, for all roles or for the tests' user alone. */
async function setIn(url: string, name: string, value: string, of: 'database' | 'role'): Promise<void> {
  const database = new URL(url).pathname.slice(1);
  // An older server does not have all of them.
  const known = await queryOn(url, `select 1 from pg_settings where lower(name) = '${name}'`);
  if (known.length === 0) return;
  const whose = of === 'database' ? `database ${database}` : `role postgres in database ${database}`;
  await queryOn(url, `alter ${whose} set ${name} = ${['datestyle'].includes(name) ? value : `'${value}'`}`);
}

/** Logins, refreshes that race with the same token, and a logout: all must succeed. */
async function expectService(app: TestApp): Promise<void> {
  const [tokens, other] = [await app.login(), await app.login()];
  const raced = await Promise.all(
    Array.from({ length: 20 }, () => app.post('/refresh', { refresh_token: tokens.refresh_token })),
  );
  expect(raced.map(({ status }) => status)).to.deep.equal(raced.map(() => 200));
  expect(new Set(raced.map(({ body }) => (body as { refresh_token: string }).refresh_token)).size).to.equal(
    1,
  );
  const logins = await Promise.all(Array.from({ length: 10 }, () => app.login()));
  await Promise.all(logins.map(({ refresh_token }) => app.post('/logout', { refresh_token }).expect(204)));
  await app.post('/logout', { refresh_token: other.refresh_token }).expect(204);
  await app.get('/protected', other.access_token).expect(401);
}

describe('A PostgreSQL session', () => {
  it('sets everything that the SQL here relies on', () => {
    expect(Object.keys(hostile)).to.include.members(Object.keys(sessionSettings));
  });

  for (const [name, value] of Object.entries(hostile)) {
    it(`does not use the database’s ${name}`, async () => {
      const url = await createPostgresDatabase();
      await setIn(url, name, value, 'database');
      const app = await TestApp.start({ settings: { DATABASE_URL: url } });
      try {
        await expectService(app);
      } finally {
        await app.close();
      }
    });
  }

  it('uses none of a role’s settings, on any of its connections', async () => {
    const url = await createPostgresDatabase();
    for (const [name, value] of Object.entries(hostile)) await setIn(url, name, value, 'role');
    const database = openTestDatabase({ kind: 'postgres', url }, { statementTimeout: 1234 });
    try {
      for (const { queries } of [database, database.longRunning]) {
        for (const [name, value] of Object.entries({ ...sessionSettings, synchronous_commit: 'on' })) {
          const { rows } = await sql<{
            now: string | null;
          }>`select current_setting(${name}, true) as now`.execute(queries);
          const own = queries === database.queries ? ['1234ms', '10s'] : ['10min', '10min'];
          const expected =
            name === 'statement_timeout'
              ? own[0]
              : name === 'idle_in_transaction_session_timeout'
                ? own[1]
                : value;
          if (rows[0]?.now !== null) expect(rows[0]?.now, name).to.equal(expected);
        }
      }
    } finally {
      await database.close();
    }
    const app = await TestApp.start({ settings: { DATABASE_URL: url } });
    await expectService(app);
    // A second replica receives a logout: its triggers run, and its idle feed is not disconnected.
    const replica = await app.openAgain();
    const tokens = await app.login();
    await app.post('/logout', { refresh_token: tokens.refresh_token }).expect(204);
    const claims = JSON.parse(
      Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString(),
    ) as AccessTokenClaims;
    await until(() => replica.revocations.isRevoked(claims));
    await replica.database.close();
    await app.close();
  });

  it('keeps settings for commits beyond this machine’s disk', async () => {
    const url = await createPostgresDatabase();
    await setIn(url, 'synchronous_commit', 'remote_apply', 'database');
    const database = openTestDatabase({ kind: 'postgres', url });
    const { rows } = await sql`show synchronous_commit`.execute(database.queries);
    expect(rows).to.deep.equal([{ synchronous_commit: 'remote_apply' }]);
    await database.close();
  });

  it('has the URL’s options, set after it is connected', async () => {
    const url = await createPostgresDatabase();
    await queryOn(url, 'create schema "of its own"');
    const options = encodeURIComponent('-c search_path="of\\ its\\ own" --work-mem=5MB');
    const database = openTestDatabase(parseDatabaseUrl(`${url}?options=${options}`));
    await database.migrate();
    const { rows } = await sql`select current_schema() as schema, current_setting('work_mem') as memory,
      to_regclass('"of its own".users') is not null as there`.execute(database.queries);
    expect(rows).to.deep.equal([{ schema: 'of its own', memory: '5MB', there: true }]);
    await database.close();
  });
});

describe('A database that cannot be used', () => {
  async function refusal(prepare: (url: string) => Promise<unknown>, options = ''): Promise<string> {
    const url = await createPostgresDatabase();
    await prepare(url);
    const database = openTestDatabase(parseDatabaseUrl(`${url}${options}`));
    const reason = await database.migrate().then(
      () => expect.fail('It did.'),
      (error: unknown) => error as Error,
    );
    await database.close();
    return reason.message;
  }

  it('has no schema to create tables in', async () => {
    expect(await refusal(() => Promise.resolve(), '?options=-csearch_path%3Dnowhere')).to.match(
      /^its search_path \(nowhere\) names no existing schema/,
    );
  });

  it('has an encoding that lacks characters', async () => {
    const url = await createPostgresDatabase();
    const name = `${new URL(url).pathname.slice(1)}_latin1`;
    await queryOn(url, `create database ${name} encoding 'LATIN1' template template0`);
    const database = openTestDatabase({ kind: 'postgres', url: url.replace(/[^/]+$/, name) });
    const reason = await database.migrate().catch((error: unknown) => error as Error);
    await database.close();
    expect(reason)
      .to.have.property('message')
      .that.matches(/^its encoding is LATIN1, but names/);
  });

  it('has a role that runs no triggers, and may not run them', async () => {
    const url = await createPostgresDatabase();
    const name = new URL(url).pathname.slice(1);
    await queryOn(url, `create role ${name} login password 'x'; grant create on schema public to ${name}`);
    await queryOn(url, `alter role ${name} in database ${name} set session_replication_role = replica`);
    const database = openTestDatabase({
      kind: 'postgres',
      url: url.replace('postgres:password', `${name}:x`),
    });
    const reason = await database.migrate().catch((error: unknown) => error as Error);
    await database.close();
    await queryOn(url, `drop owned by ${name}; drop role ${name}`);
    expect(reason)
      .to.have.property('message')
      .that.matches(/^session_replication_role is "replica"/);
  });
});
