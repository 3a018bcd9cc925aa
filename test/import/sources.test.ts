import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import pg from 'pg';
import type { ForeignUser, SourceRecord } from '../../src/import/foreign-user.js';
import { openSource, type SourceKind, type SourceOptions } from '../../src/import/sources/open-source.js';
import { parseForeignHash } from '../../src/passwords/foreign-hash.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { catchRejection } from '../support/rejections.js';

const password = 'correct horse battery';

const catchError = async (failing: Promise<unknown>): Promise<Error> =>
  (await catchRejection(failing)) as Error;

async function readAll(
  kind: SourceKind,
  location: string,
  options: SourceOptions = {},
): Promise<SourceRecord[]> {
  const { users, close } = await openSource(kind, location, options);
  try {
    const records: SourceRecord[] = [];
    for await (const record of users) records.push(record);
    return records;
  } finally {
    await close();
  }
}

function usersOf(records: readonly SourceRecord[]): ForeignUser[] {
  return records.map((record) =>
    'user' in record ? record.user : expect.fail(`${record.place}: ${record.error}`),
  );
}

async function expectPassword({ passwordHash = '' }: ForeignUser): Promise<void> {
  const hash = parseForeignHash(passwordHash);
  if ('error' in hash) return expect.fail(hash.error);
  expect(await hash.verify(password)).to.be.true;
}

/** What the applications' own tools wrote. */
const data = (name: string): string => readFileSync(join(checkout, 'test/import/data', name), 'utf8');

describe('Users of other applications', () => {
  const folder = temporaryFolder();
  const file = (name: string, contents: string): string => {
    const path = folder.path(name);
    writeFileSync(path, contents);
    return path;
  };
  const sqliteFile = (name: string, script: string): string => {
    const path = folder.path(name);
    const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    connection.exec(script);
    connection.close();
    return path;
  };

  describe('of Django', () => {
    it('have their hashes, groups, times, and whether they may log in', async () => {
      const users = usersOf(await readAll('django', sqliteFile('django.db', data('django.sql'))));
      expect(users.map(({ username }) => username)).to.deep.equal([
        'ada',
        'grace',
        'linus',
        'edsger',
        'barbara',
      ]);
      const [ada, grace, linus, , barbara] = users;
      expect(ada).to.deep.include({
        id: '1',
        email: 'ada@example.com',
        roles: ['superuser'],
        disabled: false,
        createdAt: Date.parse('2024-05-01T09:30:00Z'),
        lastLoginAt: Date.parse('2025-01-02T03:04:05.678Z'),
      });
      expect(grace?.roles.toSorted()).to.deep.equal(['auditors', 'editors']);
      expect(linus).to.deep.include({ disabled: true, email: undefined });
      expect(barbara?.passwordHash).to.be.undefined;
      for (const user of users.slice(0, 4)) await expectPassword(user);
    });

    it('need a table that is there', async () => {
      const path = sqliteFile('other.db', 'create table x (id integer)');
      expect((await catchError(readAll('django', path))).message).to.match(/no table auth_user.*--table/);
      expect((await catchError(readAll('django', folder.path('none.db')))).message).to.match(
        /does not exist/,
      );
    });
  });

  describe('of a Flask application', () => {
    it('are found by the usual names of tables and columns, with Flask-Security’s roles', async () => {
      const users = usersOf(await readAll('flask', sqliteFile('flask.db', data('flask.sql'))));
      const [ada, grace, linus] = users;
      expect(ada).to.deep.include({ id: '1', username: 'ada', emailVerified: true, roles: ['editors'] });
      expect(grace?.roles.toSorted()).to.deep.equal(['admin', 'editors']);
      expect(grace).to.deep.include({
        emailVerified: undefined,
        createdAt: Date.parse('2024-05-02T00:00:00Z'),
      });
      expect(linus).to.deep.include({ disabled: true, roles: [] });
      for (const user of users) await expectPassword(user);
    });

    it('have ids of any size', async () => {
      const path = sqliteFile(
        'snowflakes.db',
        "create table user (id integer, username text, created integer); insert into user values (1234567890123456789, 'ada', 1714554000)",
      );
      expect(usersOf(await readAll('flask', path))[0]).to.include({
        id: '1234567890123456789',
        createdAt: 1714554000000,
      });
    });

    it('are found by the names that are given', async () => {
      const path = sqliteFile(
        'own.db',
        `create table people (nr integer, nick text, secret text, boss integer);
        insert into people values (7, 'ada', 'x', 1)`,
      );
      const options = {
        table: 'people',
        columns: { id: 'nr', username: 'nick', password: 'secret', admin: 'boss' },
      };
      expect(usersOf(await readAll('flask', path, options))[0]).to.deep.include({
        id: '7',
        username: 'ada',
        passwordHash: 'x',
        roles: ['admin'],
      });
      expect((await catchError(readAll('flask', path, { table: 'people' }))).message).to.match(
        /people \(nr, nick, secret, boss\) seems to be the id.*--column id=/,
      );
      expect(
        (await catchError(readAll('flask', path, { ...options, columns: { id: 'no' } }))).message,
      ).to.match(/no column no: it has nr/);
      expect((await catchError(readAll('flask', path))).message).to.match(/no table user, users/);
    });
  });

  describe('on PostgreSQL', () => {
    it('of supabase/auth are read in a snapshot, without deleted and anonymous ones', async () => {
      const url = await createPostgresDatabase();
      const client = new pg.Client(url);
      await client.connect();
      await client.query(`create schema auth; create table auth.users (id uuid primary key, email text, phone text,
        encrypted_password text, email_confirmed_at timestamptz, banned_until timestamptz, deleted_at timestamptz,
        is_anonymous boolean not null default false, raw_app_meta_data jsonb, created_at timestamptz, last_sign_in_at timestamptz);
        insert into auth.users values
        ('0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10', 'ada@example.com', null, '$2a$10$x', '2024-05-01T09:30:00Z', null, null, false, '{"roles":["editors"]}', '2024-05-01T09:00:00Z', null),
        ('1b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10', null, '4915112345678', null, null, now() + interval '1 year', null, false, null, '2024-05-02', null),
        ('2b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10', 'gone@example.com', null, null, null, null, now(), false, null, null, null),
        ('3b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10', null, null, null, null, null, null, true, null, null, null)`);
      await client.end();
      const records = await readAll('supabase', url);
      const [ada, grace] = usersOf(records.slice(0, 2));
      expect(ada).to.deep.include({
        id: '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10',
        username: 'ada@example.com',
        emailVerified: true,
        roles: ['editors'],
        disabled: false,
        createdAt: Date.parse('2024-05-01T09:00:00Z'),
      });
      expect(grace).to.deep.include({ username: '4915112345678', disabled: true, passwordHash: undefined });
      expect(records).to.have.length(3);
      expect(records[2]).to.deep.include({ error: 'is an anonymous user, who cannot log in: leave it' });
    });

    it('are read in the order of their ids, however many', async () => {
      const url = await createPostgresDatabase();
      const client = new pg.Client(url);
      await client.connect();
      await client.query(`create table users (id serial primary key, username text, password_hash text);
        insert into users (username) select 'user' || n from generate_series(1, 2500) n`);
      await client.end();
      const users = usersOf(await readAll('flask', url));
      expect(users.map(({ id }) => Number(id))).to.deep.equal(
        Array.from({ length: 2500 }, (_, index) => index + 1),
      );
    });

    it('need a server that responds', async () => {
      const error = await catchError(readAll('django', 'postgres://nobody:secret@127.0.0.1:1/none'));
      expect(error.message)
        .to.match(/cannot be opened/)
        .and.not.to.include('secret');
    });
  });

  it('of better-auth have the password of their account', async () => {
    const path = sqliteFile(
      'better-auth.db',
      `create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" integer not null, "image" text, "createdAt" date not null, "updatedAt" date not null, "role" text, "banned" integer);
      create table "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null, "userId" text not null references "user" ("id"), "password" text);
      alter table "user" add column "banExpires" date;
      insert into "user" values ('Xy12', 'Ada', 'ada@example.com', 1, null, '2024-05-01T09:00:00.000Z', '2024-05-01', 'user', null, null), ('Xy13', 'Grace', 'grace@example.com', 0, null, 1714554000000, '', 'editors,auditors', 1, null), ('Xy14', 'Linus', 'linus@example.com', 0, null, '', '', '', 1, '2024-05-01T09:00:00.000Z');
      insert into "account" values ('a', 'Xy12', 'credential', 'Xy12', '${'00'.repeat(16)}:${'11'.repeat(64)}'), ('b', '1', 'github', 'Xy13', null)`,
    );
    const [ada, grace, linus] = usersOf(await readAll('better-auth', path));
    // The ban is over.
    expect(linus).to.include({ disabled: false });
    expect(ada).to.deep.include({ id: 'Xy12', username: 'ada@example.com', emailVerified: true, roles: [] });
    expect(ada?.createdAt).to.equal(Date.parse('2024-05-01T09:00:00Z'));
    expect(parseForeignHash(ada?.passwordHash ?? '')).to.have.property('family', 'scrypt:16384:16:1');
    expect(grace).to.deep.include({
      disabled: true,
      roles: ['editors', 'auditors'],
      passwordHash: undefined,
      createdAt: 1714554000000,
    });
  });

  it('of Keycloak have PBKDF2 or argon2, without its own roles and service accounts', async () => {
    const argon2 =
      '$argon2id$v=19$m=64,t=2,p=2$c2FsdHNhbHRzYWx0MDAwMQ$Tz77nYDSuEWQID1WM6Q1fFqbwZPu8qalaa/6zvWdytQ';
    const realm = file(
      'realm.json',
      JSON.stringify({
        realm: 'shop',
        users: [
          {
            id: '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10',
            username: 'ada',
            email: 'ada@example.com',
            emailVerified: true,
            enabled: true,
            createdTimestamp: 1714554000000,
            realmRoles: ['default-roles-shop', 'offline_access', 'editors'],
            credentials: [
              {
                type: 'password',
                // passlib's $pbkdf2-sha512$1000$… of the same password.
                secretData: JSON.stringify({
                  value:
                    'W5daRxQrLX0r5VzFGJTORU0BvYYyzKgTpSOnKvdv0XbhuFRinrYBuLk9OLPgmbwskbZOfLab1hGmBRAflZDmhA==',
                  salt: 'vteaU0pp7f2/V6qVUipFKA==',
                }),
                credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha512' }),
              },
            ],
          },
          {
            username: 'grace',
            enabled: false,
            credentials: [
              {
                type: 'password',
                secretData: JSON.stringify({ value: argon2.split('$')[5], salt: argon2.split('$')[4] }),
                credentialData: JSON.stringify({
                  hashIterations: 2,
                  algorithm: 'argon2',
                  additionalParameters: {
                    memory: ['64'],
                    type: ['id'],
                    version: ['1.3'],
                    parallelism: ['2'],
                  },
                }),
              },
            ],
          },
          { username: 'service-account-shop', serviceAccountClientId: 'shop' },
          { username: 'old', credentials: [{ type: 'password', credentialData: '{"algorithm":"crypt"}' }] },
        ],
      }),
    );
    const records = await readAll('keycloak', realm);
    const [ada, grace] = usersOf(records.slice(0, 2));
    expect(ada).to.deep.include({ roles: ['editors'], disabled: false, createdAt: 1714554000000 });
    expect(grace).to.deep.include({ id: 'grace', disabled: true, passwordHash: argon2 });
    for (const user of [ada, grace]) await expectPassword(user ?? expect.fail());
    expect(records.slice(2).map((record) => ('error' in record ? record.error : ''))).to.satisfy(
      ([service = '', old = '']) =>
        service.includes('clients create') && old.includes('"crypt", which is not known'),
    );
    expect((await catchError(readAll('keycloak', file('x.json', '{}')))).message).to.match(/no "users"/);
    expect((await catchError(readAll('keycloak', file('y.json', '{')))).message).to.match(/is not JSON/);
  });

  for (const [what, user, error] of [
    ['no object', null, /^a user must be an object/],
    ['credentials that are no list', { username: 'x', credentials: {} }, /^credentials must be a list/],
    ['an empty credential', { username: 'x', credentials: [null] }, /^a credential must be an object/],
    [
      'data that is no JSON',
      { username: 'x', credentials: [{ type: 'password', credentialData: '{' }] },
      /^credentialData must be JSON/,
    ],
    [
      'data of another kind',
      { username: 'x', credentials: [{ type: 'password', credentialData: '5' }] },
      /^credentialData must be an object/,
    ],
    [
      'a time that there is not',
      { username: 'x', createdTimestamp: 1e20 },
      /^createdTimestamp must be a time/,
    ],
  ] as const) {
    it(`of Keycloak are reported where one has ${what}, and the others are read`, async () => {
      const path = file('wrong.json', `\uFEFF${JSON.stringify({ users: [user, { username: 'ada' }] })}`);
      const [wrong, ada] = await readAll('keycloak', path);
      expect(wrong).to.have.property('error').that.matches(error);
      expect(ada).to.have.property('user');
    });
  }

  it('of Firebase have the hash parameters of their project', async () => {
    // https://github.com/firebase/scrypt, "Usage".
    const signer = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
    const config = file(
      'hash-config',
      `hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: ${signer},\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n`,
    );
    const users = file(
      'firebase.json',
      JSON.stringify({
        users: [
          {
            localId: 'aB3',
            email: 'ada@example.com',
            emailVerified: true,
            passwordHash:
              'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
            salt: '42xEC-ixf3L2lw==',
            createdAt: '1714554000000',
            customAttributes: '{"role":"editors"}',
          },
          { localId: 'aB4', phoneNumber: '+4915112345678', disabled: true },
        ],
      }),
    );
    const [ada, grace] = usersOf(await readAll('firebase', users, { firebaseHashConfig: config }));
    const hash = parseForeignHash(ada?.passwordHash ?? '');
    if ('error' in hash) return expect.fail(hash.error);
    expect(await hash.verify('user1password')).to.be.true;
    expect(ada).to.deep.include({ id: 'aB3', roles: ['editors'], createdAt: 1714554000000 });
    expect(grace).to.deep.include({ username: '+4915112345678', disabled: true, passwordHash: undefined });
    const json = file(
      'hash-config.json',
      JSON.stringify({ base64_signer_key: signer, base64_salt_separator: 'Bw==', rounds: 8, mem_cost: 14 }),
    );
    expect(await readAll('firebase', users, { firebaseHashConfig: json })).to.deep.equal(
      await readAll('firebase', users, { firebaseHashConfig: config }),
    );
    const [first] = await readAll('firebase', users);
    expect(first)
      .to.have.property('error')
      .that.matches(/--firebase-hash-config/);
    const broken = file('broken', 'rounds: 8');
    expect((await catchError(readAll('firebase', users, { firebaseHashConfig: broken }))).message).to.match(
      /no mem_cost/,
    );
    return undefined;
  });

  describe('in a text file', () => {
    it('of NDJSON are read line by line, and what is wrong is named by its line', async () => {
      const path = file(
        'users.ndjson',
        '\uFEFF{"username":"ada","roles":["editors"],"disabled":true}\r\n\n{"username":\n[]\n{"name":"x"}\n{}\n{"username":"b","created_at":"yesterday"}\n{"email":"c@example.com"}',
      );
      const records = await readAll('ndjson', path);
      expect(records.map(({ place }) => place)).to.deep.equal(
        [1, 3, 4, 5, 6, 7, 8].map((line) => `line ${line}`),
      );
      expect(records[0]).to.deep.nested.include({
        'user.id': 'ada',
        'user.disabled': true,
        'user.roles': ['editors'],
      });
      const errors = records.slice(1, 6).map((record) => ('error' in record ? record.error : ''));
      for (const [index, error] of [
        /is not JSON/,
        /must be a JSON object/,
        /"name" is not a field: the fields are id, username/,
        /username is missing/,
        /created_at must be a time/,
      ].entries()) {
        expect(errors[index]).to.match(error);
      }
      expect(records[6]).to.deep.nested.include({ 'user.username': 'c@example.com' });
    });

    it('of NDJSON with a line that is too long are read behind it', async () => {
      const long = `{"username":"${'a'.repeat(1024 * 1024)}"}`;
      const records = await readAll('ndjson', file('long.ndjson', `${long}\n{"username":"ada\u2028"}`));
      expect(records[0]).to.have.property('error', 'has more than 1048576 characters');
      expect(records[1]).to.deep.nested.include({ place: 'line 2', 'user.username': 'ada\u2028' });
    });

    it('of CSV with fields that the first line does not name are reported by their lines', async () => {
      const records = await readAll(
        'csv',
        file('fields.csv', 'username,roles,disabled\nada,a,b,true\ngrace\n'),
      );
      expect(records.map((record) => ('error' in record ? record.error : ''))).to.deep.equal(
        [4, 1].map(
          (count) =>
            `has ${count} fields, and the first line names 3: put what has a comma or a quote in it into quotes`,
        ),
      );
    });

    for (const [heading, says] of [
      ['username,username', /"username" is there twice/],
      ['username,__proto__', /"__proto__" is not a field\. The fields are id, username/],
      ['username;email', /"username;email" is not a field/],
    ] as const) {
      it(`of CSV with the first line ${heading} are refused at once`, async () => {
        const error = await catchError(readAll('csv', file('heading.csv', `${heading}\na,b\n`)));
        expect(error.message).to.match(says);
      });
    }

    it('that is not UTF-8 are refused, rather than to get other names', async () => {
      for (const kind of ['ndjson', 'csv', 'keycloak'] as const) {
        const path = folder.path(`latin1.${kind}`);
        writeFileSync(path, Buffer.from('username\njos\xe9\n', 'latin1'));
        expect((await catchError(readAll(kind, path))).message).to.match(/UTF-8/);
      }
      expect((await catchError(readAll('csv', folder.path('.')))).message).to.match(
        /cannot be read \(EISDIR/,
      );
    });

    it('of CSV are read by the names in its first line', async () => {
      const path = file(
        'users.csv',
        'username,roles,disabled,created_at\nada,"editors auditors",true,2024-05-01\n"gra""ce",,0,\n',
      );
      const [ada, grace] = usersOf(await readAll('csv', path));
      expect(ada).to.deep.include({
        roles: ['editors', 'auditors'],
        disabled: true,
        createdAt: Date.parse('2024-05-01'),
      });
      expect(grace).to.deep.include({ username: 'gra"ce', roles: [], disabled: false, createdAt: undefined });
      const broken = await catchError(readAll('csv', file('broken.csv', 'username\n"ada\n')));
      expect(broken.message).to.match(/broken\.csv is not CSV: Quote Not Closed/);
    });
  });
});
