import { realpathSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { exampleVariables } from '../../src/email/messages/message.js';
import { sql } from 'kysely';
import pg from 'pg';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import {
  copyInto,
  assertEmpty,
  removeUnfinishedCopy,
  type CopyOptions,
} from '../../src/database/copy-database.js';
import { coreTables } from '../../src/database/core-tables.js';
import type { CopySealing } from '../../src/database/table-copies.js';
import { SqliteSnapshot, type Counts } from '../../src/database/copy-source.js';
import type { Database } from '../../src/database/database.js';
import { fingerprintsTable } from '../../src/database/migration-fingerprints.js';
import { migrationVersionsTable } from '../../src/database/migration-versions.js';
import type { Schema } from '../../src/database/schema.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { getSealingContext, unseal } from '../../src/keys/stored-keys.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { createClientKey } from '../support/client-keys.js';
import { createDatabase, openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { assertionType, createClient, revoke, signAssertion } from '../support/oauth-clients.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { queryOn } from '../support/postgres-server.js';
import { expectLive } from '../support/session-rounds.js';
import { TestApp, testSecret } from '../support/test-app.js';

const password = 'the password of ada';
const otherSecret = 'another secret, for the database that is copied to';

/** The same database, whose long transactions begin when this has resolved. */
function delayed(database: Database, wait: () => Promise<unknown> | undefined): Database {
  const { longRunning } = database;
  const later: Database['longRunning'] = {
    queries: longRunning.queries,
    transaction: async (work) => {
      await wait();
      return longRunning.transaction(work);
    },
  };
  return new Proxy(database, {
    get: (target, name) => {
      if (name === 'longRunning') return later;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('A copy of an installation from SQLite to PostgreSQL', () => {
  const folder = temporaryFolder();
  let app: TestApp;
  let file: string;
  let live: TokenSet;
  let ended: TokenSet;
  let client: CreatedClient;
  let assertion: string;

  before(async () => {
    app = await TestApp.start();
    await app.services.auditChain.run();
    app.clock.advance(86_400);
    await app.services.auditChain.run();
    app.clock.advance(-86_400);
    ({ file } = app.services.config.databaseUrl as { file: string });
    const { access_token: admin } = await app.login();
    await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
    await app.createUser('Ada', password, ['reader']);
    await app.createUser('Zoë', password);
    [live, ended] = [await app.login('ada', password), await app.login('ada', password)];
    await app.post('/logout', { refresh_token: ended.refresh_token }).expect(204);
    await app.post('/login', { username: 'ada', password: 'a wrong one' }).expect(401);
    const pair = createClientKey();
    const jwks = { keys: [pair.jwk] };
    client = await createClient(app, { token_endpoint_auth_method: 'private_key_jwt', jwks });
    assertion = signAssertion(pair.privateKey, client.client_id, app.clock.now() / 1000);
    await authenticate(app).expect(200);
    await revoke(app, await createClient(app, { scope: 'tokens:revoke' }), admin).expect(200);
    const { queries } = app.services.database;
    const { id } = await queries
      .selectFrom('users')
      .select('id')
      .where('username', '=', 'Ada')
      .executeTakeFirstOrThrow();
    await queries
      .insertInto('latchkey_foreign_ids')
      .values({
        source: 'shop',
        foreign_id: '42',
        user_id: id,
        email: 'ada@example.com',
        email_verified: 1,
        imported_at: 1,
      })
      .execute();
    await queries
      .insertInto('latchkey_deleted_foreign_ids')
      .values({ source: 'shop', foreign_id: '43', deleted_at: 1 })
      .execute();
    await queries
      .insertInto('latchkey_exchanged_tokens')
      .values({ jti: '0b9f6a3c', session_id: null, exchanged_at: 1, expires_at: 2 })
      .execute();
    await queries
      .insertInto('latchkey_login_challenges')
      .values({
        token_hash: 'of a token',
        user_id: id,
        session_epoch: 0,
        amr: 'pwd',
        attempt_key: null,
        tries_left: 5,
        created_at: 1,
        expires_at: 2,
      })
      .execute();
    await app.services.secondFactors.beginTotp({ id, username: 'ada' });
    await queries
      .insertInto('latchkey_recovery_codes')
      .values({ user_id: id, code_hash: 'of a code', created_at: 1 })
      .execute();
    await queries
      .insertInto('latchkey_devices')
      .values({
        id: 'a device',
        user_id: id,
        token_hash: 'of a cookie',
        session_epoch: 0,
        created_at: 1,
        last_used_at: 1,
        expires_at: 2,
        address: '192.0.2.1',
        user_agent: 'tests',
      })
      .execute();
    await queries
      .insertInto('latchkey_safety_links')
      .values({
        token_hash: 'of a link',
        purpose: 'not_me',
        user_id: id,
        email: 'ada@example.com',
        created_at: 1,
        expires_at: 2,
        added: '{"passkey":"a passkey","recoveryCodes":[]}',
      })
      .execute();
    await queries
      .insertInto('latchkey_login_places')
      .values({
        user_id: id,
        network: '192.0.2.0/24',
        agent: 'Firefox on Linux',
        created_at: 1,
        last_used_at: 1,
        expires_at: 2,
      })
      .execute();
    await queries
      .insertInto('latchkey_invitations')
      .values({
        ...{ id: '0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e10', token_hash: 'aGFzaA', language: 'de' },
        ...{ email: 'Zoe@example.net', email_key: 'zoe@example.net', roles: 'auditor', invited_by: id },
        ...{ created_at: 1, expires_at: 2 },
      })
      .execute();
    await queries
      .insertInto('latchkey_registrations')
      .values({
        ...{
          token_hash: 'aGFzaA',
          client_hash: 'Y2xpZW50',
          email: 'Zoe@example.org',
          email_key: 'zoe@example.org',
        },
        ...{ username: 'Zoë', display_name: null, language: 'de', password_hash: null, code_hash: 'Y29kZQ' },
        ...{ tries_left: 5, sent: 1, created_at: 1, expires_at: 2 },
      })
      .execute();
    await queries
      .insertInto('latchkey_passkeys')
      .values({
        id: '0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f',
        user_id: id,
        ...{
          credential_id: 'Y3JlZA',
          public_key: 'a2V5',
          name: 'Zoë’s phone',
          transports: 'internal hybrid',
        },
        aaguid: '00000000-0000-0000-0000-000000000000',
        ...{ sign_count: 4_294_967_295, passwordless: 1, backup_eligible: 1, backed_up: 0 },
        ...{ created_at: 1, last_used_at: null, user_handle: 'YWRh' },
      })
      .execute();
    await queries
      .insertInto('latchkey_passkey_challenges')
      .values({ challenge_hash: 'aGFzaA', purpose: 'login', bound_to: '', expires_at: 2 })
      .execute();
    await queries
      .insertInto('latchkey_audit_outputs')
      .values({ name: 'syslog', sequence: 3, holder: null, free_at: 0, failures: 0 })
      .execute();
    await app.services.outbox.enqueue(queries, {
      template: 'password_changed',
      to: { address: 'ada@example.com' },
      variables: exampleVariables.password_changed,
    });
    await app.services.recovery.request('ada@example.com', undefined, {
      requestId: null,
      address: null,
      userAgent: null,
    });
    await queries
      .insertInto('latchkey_leases')
      .values({ name: 'mail', holder: null, free_at: 0, failures: 0 })
      .execute();
  });
  after(() => app.close());

  const authenticate = (at: TestApp) =>
    at.postForm('/oauth/token', {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion,
    });

  /** The target has a secret of its own. */
  const sealingWith = (secret: string): CopySealing => ({
    seal: (row) =>
      new KeySealing(secret).seal(unseal(row, new KeySealing(testSecret)), getSealingContext(row)),
    opens: (row) => {
      try {
        return unseal(row, new KeySealing(secret)) !== '';
      } catch {
        return false;
      }
    },
  });
  const sealing = sealingWith(otherSecret);

  async function copied(
    target: Database,
    options: CopyOptions = {},
    { from = file, seal = sealing }: { from?: string; seal?: CopySealing } = {},
  ): Promise<Counts> {
    const snapshot = new SqliteSnapshot(from);
    try {
      await snapshot.assertVersion();
      return await copyInto(target, snapshot, seal, options);
    } finally {
      snapshot.close();
    }
  }

  /** Interrupts a copy after this many transactions, each of one row. */
  async function interrupted(target: Database, batches: number): Promise<void> {
    const interruption = new AbortController();
    let left = batches;
    const options: CopyOptions = {
      rowsPerBatch: 1,
      signal: interruption.signal,
      onProgress: (_table, _rows, isWhole) => {
        if (!isWhole && --left === 0) interruption.abort();
      },
    };
    expect(await messageOf(copied(target, options))).to.match(/^The copy was interrupted\./);
  }

  async function messageOf(failing: Promise<unknown>): Promise<string> {
    try {
      await failing;
    } catch (error) {
      return (error as Error).message;
    }
    return expect.fail('It did not fail.');
  }

  async function emptyTarget(): Promise<Database> {
    const target = await createDatabase('postgres');
    await target.migrate();
    return target;
  }

  /**
   * Table → its rows, for all tables of the migrations except for the notes of them; keys without what the secret changes.
   */
  async function contents({ queries }: Database): Promise<Record<string, string[]>> {
    const tables = (await queries.introspection.getTables())
      .filter(({ name }) => name !== migrationVersionsTable && name !== fingerprintsTable)
      .map(({ name }) => name as keyof Schema);
    const read = async (table: keyof Schema): Promise<[string, string[]]> => {
      const rows = await queries.selectFrom(table).selectAll().execute();
      const texts = rows.map((row) =>
        JSON.stringify(
          Object.entries(row)
            .filter(([column]) => column !== 'sealed_key')
            .sort(),
        ),
      );
      return [table, texts.sort()];
    };
    return Object.fromEntries(await Promise.all(tables.map(read)));
  }

  it('has every row of every table', async () => {
    const source = await contents(app.services.database);
    for (const [table, rows] of Object.entries(source)) expect(rows, table).not.to.be.empty;
    const target = await emptyTarget();
    const counts = await copied(target);
    expect(await contents(target)).to.deep.equal(source);
    expect(counts).to.deep.equal(
      Object.fromEntries(Object.entries(source).map(([table, rows]) => [table, rows.length])),
    );
    // The planner has statistics, so that a service's first statements are not slow.
    const known = await sql<{ relname: string; reltuples: number }>`select relname, reltuples from pg_class
      where relkind = 'r' and relnamespace = current_schema()::regnamespace`.execute(target.queries);
    const estimates = Object.fromEntries(known.rows.map(({ relname, reltuples }) => [relname, reltuples]));
    expect(estimates).to.include(counts);
    await target.close();
  });

  it('logs no user out, and keeps every revocation', async () => {
    const url = await createPostgresDatabase();
    const target = openTestDatabase({ kind: 'postgres', url });
    await target.migrate();
    await copied(target);
    await target.close();
    const moved = await TestApp.start({ settings: { DATABASE_URL: url, LATCHKEY_SECRET: otherSecret } });
    try {
      await moved.get('/protected', ended.access_token).expect(401);
      await moved.post('/refresh', { refresh_token: ended.refresh_token }).expect(401);
      await authenticate(moved).expect(401);
      await moved.login('ada', password);
      await expectLive(moved, live);
    } finally {
      await moved.close();
    }
  });

  it('has an audit chain that continues where the source’s ended', async () => {
    const url = await createPostgresDatabase();
    const target = openTestDatabase({ kind: 'postgres', url });
    await target.migrate();
    await copied(target);
    await target.close();
    const settings = { DATABASE_URL: url, LATCHKEY_SECRET: otherSecret };
    const moved = await TestApp.start({ settings, clock: app.clock });
    try {
      const before = await moved.services.verifyAudit();
      expect(before).to.include({ error: undefined, seals: 1 });
      expect(before.unchained).to.be.above(0);
      await moved.services.auditChain.run();
      const { error, rows, notes, unchained } = await moved.services.verifyAudit();
      expect({ error, notes, unchained }).to.deep.equal({ error: undefined, notes: [], unchained: 0 });
      expect(rows).to.equal(before.rows + before.unchained);
    } finally {
      await moved.close();
    }
  });

  it('is a snapshot of one moment, though the service keeps writing', async () => {
    const source = await contents(app.services.database);
    const target = await emptyTarget();
    const goingOn: Promise<TokenSet>[] = [];
    await copied(target, {
      onProgress: (table, _rows, isWhole) => {
        if (table === 'users' && isWhole) goingOn.push(app.login('ada', password));
      },
    });
    await Promise.all(goingOn);
    expect((await contents(app.services.database))['sessions']).to.have.length(
      (source['sessions']?.length ?? 0) + 1,
    );
    expect(await contents(target)).to.deep.equal(source);
    await target.close();
  });

  it('can be continued after an interruption at any row', async () => {
    const source = await contents(app.services.database);
    const rows = Object.values(source).flat().length;
    const target = await emptyTarget();
    for (let row = 1; row <= rows; row += 1) await interrupted(target, 1);
    const shown: number[] = [];
    await copied(target, { onProgress: (_table, count) => shown.push(count) });
    expect(Math.max(...shown), 'nothing was left').to.equal(source['audit']?.length);
    expect(await contents(target)).to.deep.equal(source);
    await target.close();
  });

  it('continues after a connection that broke in a transaction', async () => {
    const url = await createPostgresDatabase();
    const target = openTestDatabase({ kind: 'postgres', url });
    await target.migrate();
    const source = await contents(app.services.database);
    const holding = new pg.Client({ connectionString: url });
    await holding.connect();
    await holding.query('begin; lock table sessions in exclusive mode');
    const breaking = copied(target, { rowsPerBatch: 1 }).catch((error: unknown) => error);
    const cut = 'select pg_terminate_backend(pid) from pg_locks where not granted and database is not null';
    while ((await queryOn(url, cut)).length === 0) await wait(20);
    const broken = await breaking;
    await holding.end();
    expect(broken).to.have.property('name', 'DatabaseUnavailable');
    await target.close();
    const again = openTestDatabase({ kind: 'postgres', url });
    await copied(again);
    expect(await contents(again)).to.deep.equal(source);
    await again.close();
  });

  it('keeps a service from starting on it until it is complete', async () => {
    const url = await createPostgresDatabase();
    const target = openTestDatabase({ kind: 'postgres', url });
    await target.migrate();
    await interrupted(target, 3);
    const settings = { DATABASE_URL: url, LATCHKEY_SECRET: otherSecret };
    const says = `npx latchkey copy sqlite:${realpathSync(file)} postgres://…" continues it`;
    expect(await messageOf(TestApp.start({ settings }))).to.include(says);
    // Also one that was about to make the first keys when the copy began.
    expect(await messageOf(target.withExclusiveLock(() => Promise.resolve()))).to.include(says);
    await copied(target);
    await target.withExclusiveLock(() => Promise.resolve());
    await target.close();
    await (await TestApp.start({ settings })).close();
  });

  it('never mixes two moments or two installations: it can be started over', async () => {
    const other = await TestApp.start();
    const target = await emptyTarget();
    await interrupted(target, 3);
    const { file: otherFile } = other.services.config.databaseUrl as { file: string };
    expect(await messageOf(copied(target, {}, { from: otherFile }))).to.include(
      `it is a copy of ${realpathSync(file)}, which ${realpathSync(otherFile)} is not equal to. Use --begin-again`,
    );
    await other.close();
    await app.login('ada', password);
    expect(await messageOf(copied(target))).to.match(
      /db has changed since the copy began \(.*sessions.*\)\. Use --begin-again/,
    );
    await removeUnfinishedCopy(target);
    await assertEmpty(target.queries);
    await copied(target);
    expect(await contents(target)).to.deep.equal(await contents(app.services.database));
    // A complete copy is not removed.
    await removeUnfinishedCopy(target);
    expect(await contents(target)).to.deep.equal(await contents(app.services.database));
    await target.close();
  });

  it('can be continued from a moved file, or one that was rewritten without a change', async () => {
    const target = await emptyTarget();
    await interrupted(target, 5);
    const moved = folder.path('moved.db');
    const connection = new DatabaseSync(file);
    connection.exec(`vacuum into '${moved}'`);
    connection.close();
    await copied(target, {}, { from: moved });
    expect(await contents(target)).to.deep.equal(await contents(app.services.database));
    await target.close();
  });

  it('is made by one run at a time: the last one continues', async () => {
    const target = await emptyTarget();
    const takenOver = Promise.withResolvers<undefined>();
    let second: Promise<Counts> | undefined;
    const first = copied(
      delayed(target, () => second && takenOver.promise),
      {
        rowsPerBatch: 1,
        onProgress: (table) => {
          if (table === 'roles') second ??= copied(delayed(target, secondWaits));
        },
      },
    );
    const firstEnded = messageOf(first);
    let transactions = 0;
    // Its first transaction takes over; the others wait until the first run has noticed.
    const secondWaits = async (): Promise<void> => {
      transactions += 1;
      if (transactions === 1) return;
      takenOver.resolve(undefined);
      await firstEnded;
    };
    expect(await firstEnded).to.match(/^Another run of the copy has taken over/);
    await second;
    expect(await contents(target)).to.deep.equal(await contents(app.services.database));
    await target.close();
  });

  it('has keys that are encrypted with one secret', async () => {
    const target = await emptyTarget();
    const source = await contents(app.services.database);
    const untilKeys = coreTables.slice(0, coreTables.indexOf('keys') + 1);
    await interrupted(target, untilKeys.flatMap((table) => source[table] ?? []).length);
    const seal = sealingWith('yet another secret, that the keys were not encrypted with');
    expect(await messageOf(copied(target, {}, { seal }))).to.match(/^An earlier run has encrypted the keys/);
    await copied(target);
    await target.close();
  });

  it('is compared with its source at the end, and stays unfinished if it differs', async () => {
    const target = await emptyTarget();
    // Like a trigger that an operator has added.
    await sql`create function change() returns trigger language plpgsql as
      $$ begin new.updated_at := new.updated_at + 1; return new; end $$`.execute(target.queries);
    await sql`create trigger change before insert on users for each row execute function change()`.execute(
      target.queries,
    );
    expect(await messageOf(copied(target))).to.match(/^The copy is not equal to its source \(users\)/);
    expect(await messageOf(copied(target))).to.match(/^The copy is not equal to its source \(users\)/);
    expect(await messageOf(target.migrate())).to.include('unfinished copy');
    await target.close();
  });

  it('is refused for a database that is not empty', async () => {
    const target = await emptyTarget();
    await copied(target);
    const error = await copied(target).catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'CopyError');
    expect((error as Error).message).to.match(/^The target is not empty: its table "users" has rows\./);
    await target.close();
  });

  it('requires a Latchkey database of this version as source', async () => {
    const refusal = async (path: string): Promise<string> => {
      try {
        const snapshot = new SqliteSnapshot(path);
        await snapshot.assertVersion().finally(() => {
          snapshot.close();
        });
      } catch (error) {
        return (error as Error).message;
      }
      return expect.fail('It was taken.');
    };
    expect(await refusal(folder.path('nowhere.db'))).to.include('does not exist');
    writeFileSync(folder.path('empty.db'), '');
    expect(await refusal(folder.path('empty.db'))).to.include('is not a Latchkey database');
    const older = openTestDatabase({ kind: 'sqlite', file: folder.path('older.db') });
    await older.migrate({ upTo: '0001-core' });
    await older.close();
    expect(await refusal(folder.path('older.db'))).to.include('another version');
    const newer = openTestDatabase({ kind: 'sqlite', file: folder.path('newer.db') });
    await newer.migrate();
    await sql`insert into kysely_migration values ('9999-of-the-future', '')`.execute(newer.queries);
    await newer.close();
    expect(await refusal(folder.path('newer.db'))).to.include('another version');
  });
});
