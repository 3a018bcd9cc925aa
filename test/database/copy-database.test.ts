import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { sql } from 'kysely';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import {
  copyInto,
  demandEmpty,
  SqliteSnapshot,
  type Counts,
  type OnProgress,
} from '../../src/database/copy-database.js';
import type { Database } from '../../src/database/open-database.js';
import type { Schema } from '../../src/database/schema.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { sealingContext, unseal } from '../../src/tokens/key-schedule.js';
import { KeySealing } from '../../src/tokens/key-sealing.js';
import { newClientKey } from '../support/client-keys.js';
import { newDatabase, openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { assertionType, createClient, revoke, signAssertion } from '../support/oauth-clients.js';
import { newPostgresDatabase } from '../support/postgres.js';
import { expectLive } from '../support/session-rounds.js';
import { TestApp, testSecret } from '../support/test-app.js';

const password = 'the password of ada';
const otherSecret = 'another secret, for the database that is copied to';

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
    ({ file } = app.services.config.databaseUrl as { file: string });
    const { access_token: admin } = await app.login();
    await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
    await app.createUser('Ada', password, ['reader']);
    [live, ended] = [await app.login('ada', password), await app.login('ada', password)];
    await app.post('/logout', { refresh_token: ended.refresh_token }).expect(204);
    await app.post('/login', { username: 'ada', password: 'a wrong one' }).expect(401);
    const pair = newClientKey();
    const jwks = { keys: [pair.jwk] };
    client = await createClient(app, { token_endpoint_auth_method: 'private_key_jwt', jwks });
    assertion = signAssertion(pair.privateKey, client.client_id, app.clock.now() / 1000);
    await authenticate(app).expect(200);
    await revoke(app, await createClient(app, { scope: 'tokens:revoke' }), admin).expect(200);
  });
  after(() => app.close());

  const authenticate = (at: TestApp) =>
    at.postForm('/oauth/token', {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion,
    });

  /** Under a secret of its own. */
  const sealAnew = (row: Schema['keys']): string =>
    new KeySealing(otherSecret).seal(unseal(row, new KeySealing(testSecret)), sealingContext(row));

  async function copied(target: Database, seal = sealAnew, onProgress?: OnProgress): Promise<Counts> {
    const snapshot = new SqliteSnapshot(file);
    try {
      await snapshot.demandVersion();
      return await copyInto(target, snapshot, seal, onProgress);
    } finally {
      snapshot.close();
    }
  }

  async function emptyTarget(): Promise<Database> {
    const target = await newDatabase('postgres');
    await target.migrate();
    return target;
  }

  /** What is in every table that the migrations make, by its name; keys without what the secret changes. */
  async function contents({ queries }: Database): Promise<Record<string, string[]>> {
    const tables = (await queries.introspection.getTables()).map(({ name }) => name as keyof Schema);
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

  it('has every row of every table there is', async () => {
    const source = await contents(app.services.database);
    for (const [table, rows] of Object.entries(source)) expect(rows, table).not.to.be.empty;
    const target = await emptyTarget();
    const counts = await copied(target);
    expect(await contents(target)).to.deep.equal(source);
    expect(counts).to.deep.equal(
      Object.fromEntries(Object.entries(source).map(([table, rows]) => [table, rows.length])),
    );
    // The planner knows it, so that a service's first statements do not take too long.
    const known = await sql<{ relname: string; reltuples: number }>`select relname, reltuples from pg_class
      where relkind = 'r' and relnamespace = current_schema()::regnamespace`.execute(target.queries);
    const estimates = Object.fromEntries(known.rows.map(({ relname, reltuples }) => [relname, reltuples]));
    expect(estimates).to.include(counts);
    await target.close();
  });

  it('logs nobody out, and forgets nothing that was refused', async () => {
    const url = await newPostgresDatabase();
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

  it('is of one moment, though the service goes on', async () => {
    const source = await contents(app.services.database);
    const target = await emptyTarget();
    const goingOn: Promise<TokenSet>[] = [];
    await copied(target, sealAnew, (table, _rows, isWhole) => {
      if (table === 'users' && isWhole) goingOn.push(app.login('ada', password));
    });
    await Promise.all(goingOn);
    expect((await contents(app.services.database))['sessions']).to.have.length(
      (source['sessions']?.length ?? 0) + 1,
    );
    expect(await contents(target)).to.deep.equal(source);
    await target.close();
  });

  it('is there wholly or not at all, and can be made again after it failed', async () => {
    const target = await emptyTarget();
    const failing = copied(target, () => {
      throw new Error('half way');
    });
    expect(await failing.catch((reason: unknown) => reason)).to.have.property('message', 'half way');
    await demandEmpty(target.queries);
    await copied(target);
    await target.close();
  });

  it('is not made into a database that is not empty', async () => {
    const target = await emptyTarget();
    await copied(target);
    const error = await copied(target).catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'CopyError');
    expect((error as Error).message).to.match(/^The target is not empty: its table "users" has rows\./);
    await target.close();
  });

  it('needs a Latchkey database of this version', async () => {
    const refusal = async (path: string): Promise<string> => {
      try {
        const snapshot = new SqliteSnapshot(path);
        await snapshot.demandVersion().finally(() => {
          snapshot.close();
        });
      } catch (error) {
        return (error as Error).message;
      }
      return expect.fail('It was taken.');
    };
    expect(await refusal(folder.path('nowhere.db'))).to.include('is not there');
    writeFileSync(folder.path('empty.db'), '');
    expect(await refusal(folder.path('empty.db'))).to.include('is not a Latchkey database');
    const older = openTestDatabase({ kind: 'sqlite', file: folder.path('older.db') });
    await older.migrate('0001-core');
    await older.close();
    expect(await refusal(folder.path('older.db'))).to.include('another version');
    const newer = openTestDatabase({ kind: 'sqlite', file: folder.path('newer.db') });
    await newer.migrate();
    await sql`insert into kysely_migration values ('9999-of-the-future', '')`.execute(newer.queries);
    await newer.close();
    expect(await refusal(folder.path('newer.db'))).to.include('another version');
  });
});
