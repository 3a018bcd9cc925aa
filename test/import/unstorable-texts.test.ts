import { DatabaseSync } from 'node:sqlite';
import { writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { serviceActor } from '../../src/audit/actor.js';
import type { ForeignPasskey } from '../../src/import/foreign-factors.js';
import type { ForeignUser, SourceRecord } from '../../src/import/foreign-user.js';
import type { Finding } from '../../src/import/import-options.js';
import { UserImport } from '../../src/import/user-import.js';
import { databaseKinds } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { createAuthenticator } from '../support/passkeys.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

const salted = (salt: string): string => `pbkdf2:sha256:1000$${salt}$${'ab'.repeat(32)}`;

/** A user with a text in each field, and the field with `change` made to it. */
type Change = (text: string) => string;
const asGiven: Change = (text) => text;

function createForeign(field = '', change = asGiven): ForeignUser {
  const device = createAuthenticator();
  const id = randomUUID();
  const { publicKey, credentialId } = device;
  const make = (name: string, text: string): string => (name === field ? change(text) : text);
  const passkey: ForeignPasskey = {
    credentialId: make('credentialId', credentialId.toString('base64url')),
    publicKey: make('publicKey', publicKey.toString('base64url')),
    name: make('passkey', 'Key'),
    transports: ['internal', make('transport', 'hybrid')],
    aaguid: make('aaguid', randomUUID()),
    userHandle: make('userHandle', 'aGFuZGxl'),
    ...{ signCount: 0, passwordless: false, backupEligible: true, backedUp: false },
    ...{ createdAt: undefined, lastUsedAt: undefined },
  };
  return {
    id: make('id', id),
    username: make('username', `u${id}`),
    email: make('email', `${id}@example.com`),
    emailVerified: true,
    displayName: make('displayName', 'Ada'),
    language: make('language', 'en'),
    passwordHash: make('passwordHash', salted('salt')),
    roles: [make('role', 'editor')],
    disabled: false,
    factors: {
      totpSecret: make('totpSecret', 'JBSWY3DPEHPK3PXPJBSWY3DPEH'),
      recoveryCodeHashes: [make('codeHash', 'c'.repeat(43))],
      passkeys: [passkey],
    },
  };
}

const factorFields = [
  ...['credentialId', 'publicKey', 'passkey', 'transport', 'aaguid', 'userHandle'],
  ...['totpSecret', 'codeHash'],
];
const fields = [
  ...['id', 'username', 'email', 'displayName', 'language', 'passwordHash', 'role'],
  ...factorFields,
];

async function* toRecords(users: readonly ForeignUser[]): AsyncIterable<SourceRecord> {
  for (const [index, user] of users.entries()) {
    await Promise.resolve();
    yield { place: `line ${index + 1}`, user };
  }
}

for (const kind of databaseKinds) {
  describe(`Texts that no database stores, in imported records on ${kind}`, () => {
    const folder = temporaryFolder();
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
      const admin = (await app.login()).access_token;
      await app.put('/roles/editor', { permissions: ['reports:read'] }, admin).expect(201);
    });
    after(() => app.close());

    const countUsers = async (): Promise<number> =>
      (await app.services.database.queries.selectFrom('users').select('id').execute()).length;

    it('are errors of their records alone, with their places', async () => {
      const { database, clock, accessTokens, roles, totpSecrets } = app.services;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...fields),
          fc.constantFrom('\0', '\ud800', '\udfff'),
          fc.nat(),
          fc.record({ dryRun: fc.boolean(), ignoreFactors: fc.boolean() }),
          async (field, bad, position, { dryRun, ignoreFactors }) => {
            const insert = (text: string): string => {
              const at = position % (text.length + 1);
              return text.slice(0, at) + bad + text.slice(at);
            };
            const findings: Finding[] = [];
            const before = await countUsers();
            const counts = await UserImport.run(
              { database, clock, tokens: accessTokens, roles, totpSecrets },
              toRecords([createForeign(), createForeign(field, insert), createForeign()]),
              {
                ...{ source: 'shop', dryRun, ignoreFactors, renames: new Map<string, string>() },
                ...{ roles: new Map<string, string>(), unknownRoles: 'refuse', usernames: 'distinct' },
                ...{ emailAsUsername: false, actor: serviceActor },
              },
              { onFinding: (finding) => findings.push(finding) },
            );
            const isLeftOut = ignoreFactors && factorFields.includes(field);
            const imported = isLeftOut ? 3 : 2;
            expect(counts).to.include({ read: 3, imported, refused: 3 - imported });
            expect(findings.map(({ place }) => place)).to.deep.equal(isLeftOut ? [] : ['line 2']);
            expect(await countUsers()).to.equal(before + (dryRun ? 0 : imported));
          },
        ),
        { numRuns: 150 },
      );
    });

    it('are named by latchkey import users, which imports the other users', async () => {
      const path = folder.path('users.ndjson');
      const lines = [
        { id: 'good1', username: 'good1', password_hash: salted('salt') },
        { id: 'z\u0000', username: 'a' },
        { id: 'y', username: 'b', password_hash: salted('a\u0000b') },
        { id: 'x', username: 'c', password_hash: salted('a\ud800b') },
        { id: 'w', username: 'd', email: 'd\u0000@example.com' },
        { id: 'good2', username: 'good2', password_hash: salted('salt') },
      ];
      writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      for (const words of [['--dry-run'], []]) {
        const { exitCode, stdout } = await runCommand(['import', 'users', path, '--json', ...words], app);
        expect(exitCode).to.equal(5);
        const results = readJsonLines(stdout);
        expect(results.slice(0, -1)).to.deep.equal([
          ...(
            [
              ['a', 'id has the character U+0000'],
              ['b', 'password_hash has the character U+0000'],
              ['c', 'password_hash has half of a surrogate pair'],
              ['d', 'email has the character U+0000'],
            ] as const
          ).map(([username, error], index) => ({
            place: `line ${index + 2}`,
            username,
            message: `${error}: correct it, or leave it out`,
          })),
        ]);
        expect(results.at(-1)).to.include({ read: 6, imported: 2, refused: 4 });
      }
    });

    it('are not read from a blocklist either, and do not end the import', async () => {
      const path = folder.path('flask.db');
      const connection = new DatabaseSync(path);
      connection.exec(`create table user (id text primary key, username text, password text);
        insert into user values ('1', 'flask1', ''), ('2' || char(0), 'flask2', ''), ('3', 'flask3', '${salted('s')}' || char(0));
        create table token_blocklist (jti text);
        insert into token_blocklist values ('${randomUUID()}' || char(0)), (char(0)), ('${randomUUID()}');`);
      connection.close();
      const ids = folder.path('blocked.txt');
      writeFileSync(ids, `${randomUUID()}\0\n\0\n${randomUUID()}\n`);
      for (const more of [[], ['--blocklist-file', ids]]) {
        const { exitCode, stdout, stderr } = await runCommand(
          ['import', 'users', path, '--from', 'flask', '--json', ...more],
          {
            environment: {
              ...app.environment,
              JWT_SECRET_KEY: 'the secret of the Flask application, of 32 bytes',
              JWT_DECODE_LEGACY: 'flask-jwt-extended',
              JWT_DECODE_LEGACY_UNTIL: '2027-01-31',
            },
            clock: app.clock,
          },
        );
        expect(exitCode, stderr).to.equal(5);
        const counts = more.length === 0 ? { imported: 1, skipped: 0 } : { imported: 0, skipped: 1 };
        expect(readJsonLines(stdout).at(-1)).to.include({ refused: 2, revoked_tokens: 1, ...counts });
      }
    });
  });
}
