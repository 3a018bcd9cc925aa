import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { ForeignUser, SourceRecord } from '../../src/import/foreign-user.js';
import type { Finding, ImportCounts, ImportOptions } from '../../src/import/import-options.js';
import { readExportedUser } from '../../src/import/own-format.js';
import { exportUsers } from '../../src/import/user-export.js';
import { UserImport } from '../../src/import/user-import.js';
import { foreignComputations } from '../../src/passwords/passwords.js';
import type { Services } from '../../src/server/services.js';
import { checkout } from '../support/checkout.js';
import { databaseKinds } from '../support/databases.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const vectors = JSON.parse(
  readFileSync(join(checkout, 'test/passwords/foreign-hashes.json'), 'utf8'),
) as readonly { readonly password: string; readonly hash: string }[];
const hashOf = (prefix: string): string =>
  vectors.find((each) => each.hash.startsWith(prefix) && each.password === password)?.hash ??
  expect.fail(prefix);

const options: ImportOptions = {
  source: 'shop',
  dryRun: false,
  roles: new Map(),
  unknownRoles: 'refuse',
  renames: new Map(),
  emailAsUsername: false,
  usernames: 'distinct',
  actor: serviceActor,
};

/** Many users log in from one address. */
const manyAttempts = {
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '100',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE: '1000',
};

let made = 0;
const foreign = (details: Partial<ForeignUser> = {}): ForeignUser => ({
  id: String((made += 1)),
  username: `user${made}`,
  roles: [],
  disabled: false,
  ...details,
});

async function* records(users: readonly (ForeignUser | string)[]): AsyncIterable<SourceRecord> {
  for (const [index, user] of users.entries()) {
    await Promise.resolve();
    yield { place: `line ${index + 1}`, ...(typeof user === 'string' ? { error: user } : { user }) };
  }
}

interface Result {
  readonly counts: ImportCounts;
  readonly findings: readonly Finding[];
}

async function runImport(
  { database, clock, accessTokens, roles, totpSecrets }: Services,
  source: AsyncIterable<SourceRecord>,
  changes: Partial<ImportOptions> = {},
): Promise<Result> {
  const findings: Finding[] = [];
  const counts = await UserImport.run(
    { database, clock, tokens: accessTokens, roles, totpSecrets },
    source,
    { ...options, ...changes },
    { onFinding: (finding) => findings.push(finding) },
  );
  return { counts, findings };
}

for (const kind of databaseKinds) {
  describe(`The import of users on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: manyAttempts });
      admin = (await app.login()).access_token;
      await app.put('/roles/editor', { permissions: ['reports:read'] }, admin).expect(201);
    });
    after(() => app.close());

    const run = (
      users: readonly (ForeignUser | string)[],
      changes?: Partial<ImportOptions>,
    ): Promise<Result> => runImport(app.services, records(users), changes);
    const storedHash = async (username: string): Promise<string> =>
      (
        await app.services.database.queries
          .selectFrom('users')
          .select('password_hash')
          .where('username', '=', username)
          .executeTakeFirstOrThrow()
      ).password_hash;

    for (const prefix of ['scrypt:1024', 'pbkdf2:sha256', '$2b$', 'argon2$', '$argon2i$', 'pbkdf2_sha256$']) {
      it(`lets users log in with the password that they had: ${prefix}`, async () => {
        const user = foreign({ passwordHash: hashOf(prefix), roles: ['editor'] });
        expect((await run([user])).counts).to.include({ read: 1, imported: 1, refused: 0 });
        await app.post('/login', { username: user.username, password: 'a wrong one' }).expect(401);
        expect(await storedHash(user.username)).not.to.match(/^\$argon2id\$v=19\$m=8,/);
        expect((await app.login(user.username, password)).scope).to.equal('reports:read');
        expect(await storedHash(user.username)).to.match(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
        await app.login(user.username, password);
        await app.post('/login', { username: user.username, password: 'a wrong one' }).expect(401);
      });
    }

    it('lets a user change the password that came from elsewhere', async () => {
      const user = foreign({ passwordHash: hashOf('scrypt$1024') });
      await run([user]);
      const { access_token: token } = await app.login(user.username, password);
      const body = { current_password: password, new_password: 'the next password of it' };
      await app.put('/me/password', body, token).expect(200);
      await app.login(user.username, body.new_password);
    });

    it('keeps ids that are UUIDs, and maps others', async () => {
      const id = '0B9F6A3C-5D1E-4A44-8C5B-2F1D9E7A6B10';
      const withUuid = foreign({ id, email: 'ada@example.com', emailVerified: true });
      const withoutDashes = foreign({ id: '1b9f6a3c5d1e4a448c5b2f1d9e7a6b10' });
      const other = foreign({ id: 'aB3' });
      await run([withUuid, withoutDashes, other]);
      const { queries } = app.services.database;
      const origins = await queries
        .selectFrom('latchkey_foreign_ids')
        .selectAll()
        .where('foreign_id', 'in', [id.toLowerCase(), '1b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10', 'aB3'])
        .orderBy('foreign_id')
        .execute();
      expect(origins.map(({ foreign_id: from, user_id: to }) => from === to)).to.deep.equal([
        true,
        true,
        false,
      ]);
      expect(origins[0]).to.include({ source: 'shop', email: 'ada@example.com', email_verified: 1 });
      const { body } = await app.get(`/users/${id.toLowerCase()}`, admin).expect(200);
      expect(body).to.include({ username: withUuid.username, password_change_required: false });
    });

    it('imports times, and whether a user is disabled or has a password', async () => {
      const disabled = foreign({
        passwordHash: hashOf('$2b$'),
        disabled: true,
        createdAt: Date.parse('2024-05-01T09:00:00Z'),
        lastLoginAt: Date.parse('2024-06-01T09:00:00Z'),
      });
      const without = foreign();
      expect((await run([disabled, without])).counts).to.include({
        imported: 2,
        withoutPassword: 1,
        bcrypt: 1,
      });
      for (const { username } of [disabled, without]) {
        await app.post('/login', { username, password }).expect(401);
        await app.post('/login', { username, password: '' }).expect(422);
      }
      const { body } = await app.get(`/users?name=${disabled.username}`, admin).expect(200);
      expect(body).to.deep.nested.include({
        'items[0].disabled': true,
        'items[0].created_at': '2024-05-01T09:00:00.000Z',
        'items[0].last_login_at': '2024-06-01T09:00:00.000Z',
      });
    });

    it('is in the audit, with the names and ids of that time', async () => {
      const user = foreign({ roles: ['editor'] });
      await run([user]);
      const [row] = (await app.audited('user_imported')).filter(
        ({ target_name: name }) => name === user.username,
      );
      expect(row).to.include({ actor_kind: 'service' });
      expect(JSON.parse(row?.details ?? '{}')).to.deep.equal({
        source: 'shop',
        foreign_id: user.id,
        roles: ['editor'],
        disabled: false,
      });
      const ends = await app.audited('users_imported');
      expect(ends.map(({ details }) => JSON.parse(details ?? '{}') as unknown)).to.deep.include({
        source: 'shop',
        imported: 1,
        refused: 0,
        skipped: 0,
      });
    });

    it('changes nothing with a dry run, and finds the same', async () => {
      const users = [
        foreign(),
        foreign({ roles: ['nobody'] }),
        foreign({ passwordHash: '{SSHA}x' }),
        'is not JSON',
      ];
      const dry = await run(users, { dryRun: true });
      expect(dry.counts).to.deep.include({ read: 4, imported: 1, refused: 3 });
      const { body } = await app.get(`/users?name=${(users[0] as ForeignUser).username}`, admin).expect(200);
      expect(body).to.have.deep.property('items', []);
      expect(await run(users)).to.deep.equal(dry);
      expect(dry.findings.map(({ place }) => place).sort()).to.deep.equal(['line 2', 'line 3', 'line 4']);
    });

    it('imports nobody twice, also after an interruption', async () => {
      const users = Array.from({ length: 1100 }, () => foreign());
      let left = 730;
      const broken = (async function* () {
        for await (const record of records(users)) {
          if ((left -= 1) < 0) throw new Error('interrupted');
          yield record;
        }
      })();
      expect(await catchRejection(runImport(app.services, broken))).to.have.property(
        'message',
        'interrupted',
      );
      const { counts, findings } = await run(users);
      expect(findings).to.deep.equal([]);
      const whole = kind === 'sqlite' ? 700 : 500;
      expect(counts).to.include({ read: 1100, skipped: whole, imported: 1100 - whole });
      expect((await run(users)).counts).to.include({ skipped: 1100, imported: 0 });
    });

    it('ends with the error of a batch, also where it comes while the next one is read', async () => {
      const { database } = app.services;
      let fail: () => void = () => undefined;
      const failing = new Promise<never>((_, reject) => {
        fail = () => {
          reject(new Error('the disk is full'));
        };
      });
      const longRunning = { ...database.longRunning, transaction: () => failing };
      const slow = (async function* () {
        yield* records(Array.from({ length: 500 }, () => foreign()));
        fail();
        await new Promise((resolve) => setImmediate(resolve));
        yield* records([foreign()]);
      })();
      if (kind === 'sqlite') fail();
      const error = await catchRejection(
        runImport({ ...app.services, database: { ...database, longRunning } }, slow),
      );
      expect(error).to.have.property('message', 'the disk is full');
    });

    it('does not restore users who were deleted here', async () => {
      const [deleted, kept] = [foreign(), foreign({ id: '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b99' })];
      await run([deleted, kept]);
      const { body } = await app.get(`/users?name=${deleted.username}`, admin).expect(200);
      const { id } = (body as { items: { id: string }[] }).items[0] ?? expect.fail();
      await app.delete(`/users/${id}`, admin).expect(204);
      await app.delete(`/users/${kept.id}`, admin).expect(204);
      const again = await run([deleted, kept, foreign()]);
      expect(again.counts).to.include({ read: 3, imported: 1, skipped: 0, deleted: 2 });
      expect(again.findings).to.deep.equal([]);
      // Of another application it is another user.
      expect((await run([deleted], { source: 'another' })).counts).to.include({ imported: 1, deleted: 0 });
    });

    it('reports users that another import has taken meanwhile, under other names', async () => {
      const user = foreign();
      const { database } = app.services;
      let isFirst = true;
      const transaction: typeof database.longRunning.transaction = async (work) => {
        if (isFirst) await run([{ ...user, username: `${user.username}x` }]);
        isFirst = false;
        return database.longRunning.transaction(work);
      };
      const racing = { ...database, longRunning: { ...database.longRunning, transaction } };
      const { counts, findings } = await runImport({ ...app.services, database: racing }, records([user]));
      expect(counts).to.include({ imported: 0, refused: 1 });
      expect(findings[0]?.message).to.match(/imported the user, in the meantime: run the import again/);
    });

    it('says for each user what is wrong, and what to do', async () => {
      await app.createUser('Hopper', 'the password of hopper');
      const taken = foreign();
      await run([taken]);
      const cases: readonly (readonly [ForeignUser, RegExp])[] = [
        [foreign({ username: 'ho pper  x' }), /the name must not have two spaces.*--rename/],
        [foreign({ username: ' x' }), /white space at either end/],
        [foreign({ username: 'x'.repeat(300) }), /1 to 200 characters/],
        [foreign({ username: 'аdа' + 'x' }), /one script/],
        [foreign({ username: 'HOPPER' }), /a user here has this name/],
        [foreign({ username: 'h0pper' }), /looks the same/],
        [foreign({ username: taken.username.toUpperCase() }), /a user here has this name/],
        [foreign({ username: 'bill one' }), /^$/],
        [foreign({ username: 'Bill One' }), /line 8 has the same name/],
        [foreign({ username: 'bi11 one' }), /line 8 has a name that looks the same/],
        [
          foreign({ roles: ['owner'] }),
          /no role "owner".*--role owner=another.*--create-roles or --ignore-roles/,
        ],
        [foreign({ roles: ['admin'] }), /administrators.*--role admin=admin/],
        [foreign({ roles: ['ro le'] }), /cannot be the name of a role/],
        [
          foreign({ passwordHash: `pbkdf2:sha256:1000$a\0b$${'a'.repeat(64)}` }),
          /^password_hash has the character U\+0000/,
        ],
        [
          foreign({ passwordHash: `pbkdf2:sha256:1000$a\ud800b$${'a'.repeat(64)}` }),
          /^password_hash has half of a surrogate pair/,
        ],
        [foreign({ passwordHash: 'md5$x' }), /the password hash is in a notation that is not known/],
        [
          foreign({ passwordHash: '$2b$20$nJdXRUAxfpnVWeBhPHzKYufg93L57dVImgJlX/UyDWJfRe5rLRbUG' }),
          /cost 20/,
        ],
        [foreign({ email: 'a\u0007b' }), /e-mail address/],
        [foreign({ email: 'a\u0000b' }), /^email has the character U\+0000/],
        [foreign({ id: 'x'.repeat(300) }), /the id must have 255/],
      ];
      const { findings, counts } = await run(cases.map(([user]) => user));
      expect(counts.imported).to.equal(1);
      const found = new Map(findings.map(({ place, message }) => [place, message]));
      for (const [index, [, message]] of cases.entries()) {
        expect(found.get(`line ${index + 1}`) ?? '', `line ${index + 1}`).to.match(message);
      }
    });

    it('maps, creates or leaves out roles and names by its options', async () => {
      const [mapped, created, ignored, renamed, byEmail] = [
        foreign({ roles: ['admin', 'writer', 'gone'] }),
        foreign({ roles: ['guest'] }),
        foreign({ roles: ['stranger'] }),
        foreign({ username: 'two  spaces' }),
        foreign({ email: 'grace@example.com' }),
      ];
      const roles = new Map([
        ['admin', 'admin'],
        ['writer', 'editor'],
        ['gone', ''],
      ]);
      expect((await run([mapped], { roles })).findings).to.deep.equal([]);
      await run([created], { unknownRoles: 'create' });
      await run([ignored], { unknownRoles: 'ignore' });
      await run([renamed], { renames: new Map([['two  spaces', 'two spaces']]) });
      await run([byEmail], { emailAsUsername: true });
      const rolesOf = async (name: string): Promise<unknown> => {
        const { body } = await app.get('/users', admin).query({ name }).expect(200);
        return (body as { items: readonly { roles: unknown }[] }).items[0]?.roles;
      };
      expect(await rolesOf(mapped.username)).to.deep.equal(['admin', 'editor']);
      expect(await rolesOf(created.username)).to.deep.equal(['guest']);
      expect(await rolesOf(ignored.username)).to.deep.equal([]);
      expect(await rolesOf('two spaces')).to.deep.equal([]);
      expect(await rolesOf('grace@example.com')).to.deep.equal([]);
      expect((await app.services.roles.list()).find(({ name }) => name === 'guest')).to.include({
        permissions: '',
      });
      expect((await run([foreign()], { emailAsUsername: true })).findings[0]?.message).to.match(/no e-mail/);
    });

    it('accepts names that look alike where the settings allow them', async () => {
      const [one, other] = [foreign({ username: 'paypal' }), foreign({ username: 'paypa1' })];
      const { findings, counts } = await run([one, other], { usernames: 'precis' });
      expect(findings).to.deep.equal([]);
      expect(counts.imported).to.equal(2);
    });

    it('refuses a ninth kind of hash', async () => {
      const kinds = Array.from({ length: 12 }, (_, index) =>
        foreign({ passwordHash: `scrypt:${2 ** (index + 1)}:1:1$salt$${'00'.repeat(32)}` }),
      );
      const { findings, counts } = await run(kinds, { dryRun: true });
      expect(counts.imported).to.be.lessThan(9);
      expect(findings.at(-1)?.message).to.match(
        /9th kind \(scrypt:4096:1:1\), and each login computes all of them/,
      );
    });

    it('makes each login compute the same for all users, once the service knows of it', async () => {
      await run([foreign({ passwordHash: hashOf('$scrypt$ln=10') })]);
      await app.services.cleanUp();
      expect(app.services.passwords.costsInUse).to.be.at.least(3);
      const workOf = async (username: string): Promise<unknown[]> => {
        const families: unknown[] = [];
        const note = (message: unknown): void => void families.push((message as { family: string }).family);
        foreignComputations.subscribe(note);
        await app.post('/login', { username, password: 'a wrong password' }).expect(401);
        foreignComputations.unsubscribe(note);
        return families;
      };
      const expected = await workOf('nobody');
      expect(expected).to.include('scrypt:1024:8:1');
      expect(await workOf('admin')).to.have.members(expected);
    });

    it('reads again what was exported, with hashes', async () => {
      const user = foreign({
        passwordHash: hashOf('pbkdf2:sha512'),
        email: 'round@example.com',
        roles: ['editor'],
      });
      await run([user]);
      const exported = [];
      for await (const each of exportUsers(app.services.database, { withHashes: true })) exported.push(each);
      const other = await TestApp.start({ database: kind });
      try {
        const source = records(
          exported
            .filter(({ username }) => username !== 'admin')
            .map((each) => readExportedUser({ ...each })),
        );
        const roles = new Map([['admin', 'admin']]);
        const result = await runImport(other.services, source, {
          unknownRoles: 'create',
          roles,
          usernames: 'precis',
        });
        expect(result.findings).to.deep.equal([]);
        const again = [];
        for await (const each of exportUsers(other.services.database, { withHashes: true })) again.push(each);
        const withoutAdmin = (all: readonly { username: string }[]) =>
          all.filter(({ username }) => username !== 'admin');
        expect(withoutAdmin(again)).to.deep.equal(withoutAdmin(exported));
        await other.login(user.username, password);
      } finally {
        await other.close();
      }
      const withoutHashes = [];
      for await (const each of exportUsers(app.services.database, { withHashes: false }))
        withoutHashes.push(each);
      expect(JSON.stringify(withoutHashes)).not.to.match(/password_hash|\$argon2id/);
    });

    it('gives an address to the user whose address is verified there, and of several such, or none, to the first', async () => {
      const shared = (email: string, emailVerified: boolean) => foreign({ email, emailVerified });
      const sets = [
        [shared('later@example.com', false), shared('LATER@example.com', true)],
        [shared('both@example.com', true), shared('both@example.com', true)],
        [shared('none@example.com', false), shared('none@example.com', false)],
        [
          shared('third@example.com', false),
          shared('third@example.com', true),
          shared('third@example.com', true),
        ],
      ];
      const holders = async () => {
        const { rows } = await app.services.database.queries
          .selectFrom('users')
          .select(['username', 'email', 'email_verified_at'])
          .where('email', 'is not', null)
          .execute()
          .then((all) => ({ rows: new Map(all.map((row) => [row.username, row])) }));
        return sets.map((set) =>
          set.map(({ username }) => {
            const row = rows.get(username);
            return row ? (row.email_verified_at === null ? 'unverified' : 'verified') : 'none';
          }),
        );
      };
      const dry = await run(sets.flat(), { dryRun: true });
      const { counts, findings } = await run(sets.flat());
      expect(findings.map(({ place, message }) => `${place} ${message}`)).to.deep.equal([
        'line 1 is imported without the e-mail address "later@example.com": line 2 has it',
        'line 4 is imported without the e-mail address "both@example.com": line 3 has it',
        'line 6 is imported without the e-mail address "none@example.com": line 5 has it',
        'line 7 is imported without the e-mail address "third@example.com": line 8 has it',
        'line 9 is imported without the e-mail address "third@example.com": line 8 has it',
      ]);
      expect(counts).to.include({ imported: 9, withoutAddress: 5 });
      expect(dry.counts).to.deep.equal(counts);
      expect(await holders()).to.deep.equal([
        ['none', 'verified'],
        ['verified', 'none'],
        ['unverified', 'none'],
        ['none', 'verified', 'none'],
      ]);
    });

    it('does so over batches, over runs, and with users created here', async () => {
      const addressOf = async ({ username }: ForeignUser | { readonly username: string }) => {
        const row = await app.services.database.queries
          .selectFrom('users')
          .select(['id', 'email', 'email_verified_at'])
          .where('username', '=', username)
          .executeTakeFirstOrThrow();
        return { id: row.id, email: row.email, isVerified: row.email_verified_at !== null };
      };
      const early = foreign({ email: 'batches@example.com', emailVerified: false });
      const late = foreign({ email: 'batches@example.com', emailVerified: true });
      // More than a batch on either database.
      const between = Array.from({ length: 600 }, () => foreign());
      const dry = await run([early, ...between, late], { dryRun: true });
      const { counts, findings } = await run([early, ...between, late]);
      expect(findings).to.deep.equal([
        {
          ...{ place: 'line 1', username: early.username, imported: true },
          message: 'is imported without the e-mail address "batches@example.com": line 602 has it',
        },
      ]);
      expect(counts).to.include({ imported: 602, withoutAddress: 1 });
      expect(dry.counts).to.deep.equal(counts);
      const lost = await addressOf(early);
      expect(lost).to.include({ email: null, isVerified: false });
      expect(await addressOf(late)).to.include({ email: 'batches@example.com', isVerified: true });
      const [audited] = (await app.audited('email_changed')).filter(({ target }) => target === lost.id);
      expect(JSON.parse(audited?.details ?? '')).to.deep.equal({
        email: { from: 'batches@example.com', to: null },
      });

      const before = foreign({ email: 'runs@example.com', emailVerified: false });
      await run([before]);
      const after = foreign({ email: 'runs@example.com', emailVerified: true });
      expect((await run([before, after])).counts).to.include({ skipped: 1, imported: 1, withoutAddress: 0 });
      expect(await addressOf(before)).to.include({ email: null });
      expect(await addressOf(after)).to.include({ email: 'runs@example.com', isVerified: true });

      for (const isVerified of [true, false]) {
        const email = `made${isVerified}@example.com`;
        const username = `made here ${isVerified}`;
        await app
          .post('/users', { username, password, email, email_verified: isVerified }, admin)
          .expect(201);
        const imported = foreign({ email, emailVerified: true });
        await run([imported]);
        expect((await addressOf({ username })).email).to.equal(isVerified ? email : null);
        expect((await addressOf(imported)).email).to.equal(isVerified ? null : email);
      }
    });
  });
}
