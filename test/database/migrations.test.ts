import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { sql } from 'kysely';
import { createMigrationProvider } from '../../src/database/migrations/index.js';
import type { Database } from '../../src/database/database.js';
import { databaseKinds, createDatabase, openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { addUser } from '../support/records.js';
import { toUsernameKey } from '../../src/usernames/username.js';
import { computeSkeletonKey } from '../../src/usernames/username-scripts.js';
import { usersStore } from '../../src/users/users.store.js';

/** From before docs/versioning.md promised how later ones begin. */
const firstTables = [
  'audit',
  'clients',
  'counters',
  'keys',
  'login_attempts',
  'revocations',
  'roles',
  'sessions',
  'used_assertions',
  'user_roles',
  'users',
];
const tables = [
  ...firstTables,
  'latchkey_account_tokens',
  'latchkey_audit_head',
  'latchkey_audit_outputs',
  'latchkey_audit_seals',
  'latchkey_deleted_foreign_ids',
  'latchkey_data_keys',
  'latchkey_devices',
  'latchkey_exchanged_tokens',
  'latchkey_foreign_ids',
  'latchkey_invitations',
  'latchkey_leases',
  'latchkey_login_challenges',
  'latchkey_login_places',
  'latchkey_migration_versions',
  'latchkey_recovery_codes',
  'latchkey_registrations',
  'latchkey_safety_links',
  'latchkey_totp',
  'latchkey_project_migrations',
  'latchkey_passkey_challenges',
  'latchkey_passkeys',
  'latchkey_outbox',
].sort();
const names = Object.keys(await createMigrationProvider({ dialect: 'sqlite' }).getMigrations());

/** Tables, columns and types, and the definition of every index. */
async function shapeOf({ queries, dialect }: Database): Promise<object> {
  const indexes =
    dialect === 'sqlite'
      ? sql`select name, sql from sqlite_master where type = 'index' order by name`
      : sql`select indexname, indexdef from pg_indexes where schemaname = 'public' order by indexname`;
  return {
    tables: await queries.introspection.getTables(),
    indexes: (await indexes.execute(queries)).rows,
  };
}

async function tableNames({ queries }: Database): Promise<string[]> {
  return (await queries.introspection.getTables()).map(({ name }) => name).sort();
}

for (const kind of databaseKinds) {
  describe(`The migrations on ${kind}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await createDatabase(kind);
    });
    afterEach(() => database.close());

    it('create every table in an empty database', async () => {
      await database.migrate();
      expect(await tableNames(database)).to.deep.equal(tables);
    });

    it('give tables names that a project’s tables do not have', async () => {
      await database.migrate();
      const later = (await tableNames(database)).filter((name) => !firstTables.includes(name));
      expect(later.filter((name) => !name.startsWith('latchkey_'))).to.deep.equal([]);
    });

    it('change nothing the second time', async () => {
      await database.migrate();
      const user = await addUser(database.queries);
      const shape = await shapeOf(database);
      await database.migrate();
      expect(await shapeOf(database)).to.deep.equal(shape);
      expect(await usersStore.findStored(database.queries, user.id)).to.deep.include(user);
    });

    for (const [index, name] of names.entries()) {
      it(`lead from ${name} to the same schema as from an empty database`, async () => {
        await database.migrate({ upTo: name });
        const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
          database.queries,
        );
        expect(done.rows.map((row) => row.name)).to.deep.equal(names.slice(0, index + 1));
        await database.migrate();
        const fresh = await createDatabase(kind);
        await fresh.migrate();
        expect(await shapeOf(database)).to.deep.equal(await shapeOf(fresh));
        await fresh.close();
      });
    }

    it('give the skeleton to the oldest of similar names, in tables of any size', async () => {
      await database.migrate({ upTo: '0004-revocations-in-order' });
      const names = [
        'scope',
        '\u0455\u0441\u043e\u0440\u0435',
        'SC0PE',
        'other',
        ...Array.from({ length: 1200 }, (_, at) => `user ${at}`),
      ];
      for (const [at, name] of names.entries()) {
        await sql`insert into users (id, username, username_key, password_hash, password_one_time, version, created_at, updated_at)
          values (${String(at).padStart(6, '0')}, ${name}, ${toUsernameKey(name)}, '', 0, 0, 0, 0)`.execute(
          database.queries,
        );
      }
      await database.migrate();
      const users = await database.queries
        .selectFrom('users')
        .select(['username', 'username_skeleton'])
        .orderBy('id')
        .execute();
      expect(users.map(({ username }) => username)).to.deep.equal(names);
      const [scope, ...alike] = users.map(({ username_skeleton: skeleton }) => skeleton).slice(0, 4);
      expect([scope, ...alike]).to.deep.equal([
        computeSkeletonKey('scope'),
        null,
        null,
        computeSkeletonKey('other'),
      ]);
      expect(users.filter(({ username_skeleton: skeleton }) => skeleton === null)).to.have.length.at.least(2);
    });

    it('are rolled back if one fails, and run once the cause is removed', async () => {
      await sql`create table audit (id text)`.execute(database.queries);
      const error = await database.migrate().catch((reason: unknown) => reason);
      expect(error).to.be.an('error').with.property('message').that.includes('audit');
      expect(await tableNames(database)).to.deep.equal(['audit']);
      await sql`drop table audit`.execute(database.queries);
      await database.migrate();
      expect(await tableNames(database)).to.deep.equal(tables);
    });

    it('let clients with revocations:read introspect as before, and no others', async () => {
      await database.migrate({ upTo: '0004-revocations-in-order' });
      const client = (id: string, scopes: string) => sql`insert into clients
        (id, name, auth_method, scopes, audiences, version, created_at, updated_at)
        values (${id}, 'A client', 'client_secret_basic', ${scopes}, '', 0, 0, 0)`;
      const before = {
        a: 'revocations:read',
        b: 'users:read',
        c: 'reports:read revocations:read users:read',
        d: 'x.revocations:read',
        e: '',
        f: 'revocations:read tokens:introspect',
      };
      for (const [id, scopes] of Object.entries(before)) await client(id, scopes).execute(database.queries);
      await database.migrate();
      const rows = await database.queries.selectFrom('clients').selectAll().execute();
      expect(Object.fromEntries(rows.map(({ id, scopes }) => [id, scopes]))).to.deep.equal({
        ...before,
        a: 'revocations:read tokens:introspect',
        c: 'reports:read revocations:read users:read tokens:introspect',
      });
      expect(new Set(rows.map((row) => row.introspection_audiences))).to.deep.equal(new Set(['']));
    });

    it('give imported users the addresses that they had elsewhere, each to one user', async () => {
      await database.migrate({ upTo: '0017-audit-outputs' });
      const users: readonly (readonly [string, string, string, number])[] = [
        ['1', 'ada', 'Ada@Example.com', 1],
        ['2', 'twin', 'ADA@example.com', 1],
        ['3', 'bob', 'bob@example.com', 0],
        ['4', 'taken@example.com', 'own@example.com', 1],
        ['5', 'eve', 'taken@example.com', 1],
        ['6', 'fay', 'no address', 1],
        ['7', 'gus@example.com', 'gus@example.com', 1],
        ...Array.from({ length: 1000 }, (_, at): readonly [string, string, string, number] => [
          String(1000 + at),
          `user${at}`,
          `user${at}@example.org`,
          1,
        ]),
      ];
      for (const [id, name, email, verified] of users) {
        await sql`insert into users (id, username, username_key, password_hash, password_one_time, version, session_epoch, created_at, updated_at)
          values (${id}, ${name}, ${name}, '', 0, 0, 0, 0, 0)`.execute(database.queries);
        await sql`insert into latchkey_foreign_ids (source, foreign_id, user_id, email, email_verified, imported_at)
          values ('shop', ${id}, ${id}, ${email}, ${verified}, 5)`.execute(database.queries);
      }
      await database.migrate();
      const rows = await database.queries
        .selectFrom('users')
        .select(['id', 'email', 'email_key', 'email_verified_at'])
        .orderBy('id')
        .execute();
      const found = new Map(rows.map(({ id, ...row }) => [id, Object.values(row)]));
      expect(found.get('1')).to.deep.equal(['Ada@example.com', 'ada@example.com', 5]);
      expect(found.get('3')).to.deep.equal(['bob@example.com', 'bob@example.com', null]);
      expect(found.get('7')).to.deep.equal(['gus@example.com', 'gus@example.com', 5]);
      for (const id of ['2', '5', '6']) expect(found.get(id), id).to.deep.equal([null, null, null]);
      expect(rows.filter(({ email }) => email?.endsWith('@example.org'))).to.have.length(1000);
    });

    it('say which have run, and which would', async () => {
      expect((await database.findPendingMigrations()).latchkey).to.deep.equal(names);
      expect(await tableNames(database)).to.deep.equal([]);
      await database.migrate({ upTo: '0010-username-skeletons' });
      const later = names.slice(names.indexOf('0010-username-skeletons') + 1);
      expect(await database.findPendingMigrations()).to.deep.equal({ latchkey: later, project: [] });
      expect(await database.migrate({ version: '1.2.3' })).to.deep.equal({ latchkey: later, project: [] });
      expect(await database.migrate()).to.deep.equal({ latchkey: [], project: [] });
    });

    it('name the version that an older one has to be replaced with', async () => {
      await database.migrate({ version: '1.2.3' });
      await sql`insert into kysely_migration (name, timestamp) values ('9999-of-the-future', '2030-01-01')`.execute(
        database.queries,
      );
      await sql`insert into latchkey_migration_versions (name, version, migrated_at) values ('9999-of-the-future', '2.0.0', 0)`.execute(
        database.queries,
      );
      const which = { version: '1.2.3' };
      for (const work of [() => database.migrate(which), () => database.findPendingMigrations(which)]) {
        const error = await work().catch((reason: unknown) => reason);
        expect(error)
          .to.be.an('error')
          .with.property('message')
          .that.matches(/has migrated the database, 2\.0\.0: .*\(1\.2\.3\)\. Run 2\.0\.0 or a later one/);
      }
    });

    it('refuse a database that a newer version has migrated', async () => {
      await database.migrate();
      await sql`insert into kysely_migration (name, timestamp) values ('9999-of-the-future', '2030-01-01')`.execute(
        database.queries,
      );
      const error = await database.migrate().catch((reason: unknown) => reason);
      expect(error).to.be.an('error').with.property('message').that.includes('9999-of-the-future');
    });
  });
}

describe('Concurrent migrations by several processes', () => {
  const folder = temporaryFolder();

  it('run once on PostgreSQL', async () => {
    const url = await createPostgresDatabase();
    const replicas = Array.from({ length: 3 }, () => openTestDatabase({ kind: 'postgres', url }));
    await Promise.all(replicas.map((replica) => replica.migrate()));
    const [first] = replicas;
    expect(first && (await tableNames(first))).to.deep.equal(tables);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('run once on a SQLite file', async () => {
    const file = folder.path('shared.db');
    const script = `
      const { workerData } = require('node:worker_threads');
      import(workerData.module).then(async ({ openDatabase }) => {
        const database = openDatabase({ kind: 'sqlite', file: workerData.file });
        await database.migrate();
        await database.close();
      });`;
    const module = new URL('../../src/database/open-database.js', import.meta.url).href;
    const workers = [1, 2].map(() => new Worker(script, { eval: true, workerData: { module, file } }));
    // `once` rejects if a worker fails.
    const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit')) as unknown[]));
    expect(codes).to.deep.equal([[0], [0]]);
    const database = openTestDatabase({ kind: 'sqlite', file });
    expect(await tableNames(database)).to.deep.equal(tables);
    await database.close();
  });
});
