import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import {
  betterAuth,
  buildBetterAuthTables,
  buildKeycloakPasskey,
  buildKeycloakTotp,
} from '../support/foreign-factors.js';
import {
  addPasskey,
  getRequestOptions,
  getTokensByPasskey,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
  signLogin,
} from '../support/passkeys.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { beginLogin, computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';
import { weakKeys } from '../support/weak-keys.js';
import { toBase32 } from '../../src/import/foreign-factors.js';

const password = 'correct horse battery';

for (const kind of databaseKinds) {
  describe(`latchkey import users with second factors, on ${kind}`, () => {
    const folder = temporaryFolder();
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: passkeySettings });
    });
    after(() => app.close());

    const run = (words: readonly string[], more: Record<string, string> = {}) =>
      runCommand(words, { environment: { ...app.environment, ...more }, clock: app.clock });
    const file = (name: string, contents: string): string => {
      writeFileSync(folder.path(name), contents);
      return folder.path(name);
    };
    const setPassword = async (username: string): Promise<void> => {
      const { id } = await app.services.database.queries
        .selectFrom('users')
        .select('id')
        .where('username_key', '=', username)
        .executeTakeFirstOrThrow();
      const body = { password, one_time: false };
      await app.patch(`/users/${id}`, body, (await app.login()).access_token).expect(200);
    };
    const deviceFor = (handle: string) => {
      const device = createAuthenticator();
      const user = { id: handle, name: 'x', displayName: 'x' };
      device.create({ challenge: 'x', rp: { id: 'latchkey.test', name: 'x' }, user });
      return device;
    };

    it('has the apps of better-auth show codes that are right, and its passkeys log in', async () => {
      const device = deviceFor('cmFuZG9tIGFzIGJldHRlci1hdXRo');
      const path = folder.path('auth.db');
      const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false });
      connection.exec(
        buildBetterAuthTables(
          'Xy12',
          betterAuth.plain,
          `insert into passkey values ('p', 'Phone', '${device.publicKey.toString('base64')}', 'Xy12', '${device.id}', 0, 'singleDevice', 0, 'internal', '2024-05-01', null)`,
        ),
      );
      connection.close();
      const words = ['import', 'users', path, '--from', 'better-auth'];
      const refused = await run([...words, '--dry-run']);
      expect(refused.exitCode).to.equal(5);
      expect(refused.stdout).to.match(
        /^user Xy12 \("Xy12@example\.com"\): has an authenticator app whose secret is encrypted.*--ignore-factors/,
      );
      const imported = await run(words, { BETTER_AUTH_SECRET: betterAuth.secret });
      expect(imported).to.include({ exitCode: 0 });
      expect(imported.stdout).to.match(/^1 have a second factor, 1 of them without recovery codes/m);
      await setPassword('xy12@example.com');
      app.clock.advance(60);
      const { status } = await loginWithCode(
        app,
        'xy12@example.com',
        password,
        computeCode(betterAuth.totp, app),
      );
      expect(status).to.equal(200);
      const { access_token: token } = await getTokensByPasskey(app, device);
      expect(readJwt(token).claims).to.deep.include({ acr: 'aal2', amr: ['hwk', 'user', 'mfa'] });
      const stored = await app.services.database.queries
        .selectFrom('latchkey_totp')
        .select('sealed_secret')
        .execute();
      expect(JSON.stringify(stored)).not.to.include(betterAuth.totp).and.not.to.include('xJ4kPq7R');
    });

    it('has the apps and passkeys of Keycloak log in, each for what it was made', async () => {
      const id = '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10';
      const handle = Buffer.from(id).toString('base64url');
      const [alone, second] = [deviceFor(handle), deviceFor(handle)];
      const value = 'w8L2nFvQ4zR7tYk1XcMb';
      const credentials = [
        buildKeycloakTotp(value),
        buildKeycloakPasskey('webauthn-passwordless', alone),
        buildKeycloakPasskey('webauthn', second),
      ];
      const realm = file('realm.json', JSON.stringify({ users: [{ id, username: 'grace', credentials }] }));
      expect(await run(['import', 'users', realm, '--from', 'keycloak'])).to.include({ exitCode: 0 });
      await setPassword('grace');
      const secret = toBase32(Buffer.from(value));
      // A code that may have been used there is not taken here.
      const loginToken = await beginLogin(app, 'grace', password);
      const early = { login_token: loginToken, code: computeCode(secret, app) };
      await app.post('/login/second-factor', early).expect(403);
      app.clock.advance(30);
      expect((await loginWithCode(app, 'grace', password, computeCode(secret, app))).status).to.equal(200);
      await getTokensByPasskey(app, alone);
      await logInWithPasskey(app, await signLogin(app, second)).expect(401);
      const options = await getRequestOptions(app, { login_token: loginToken });
      const more = { login_token: loginToken };
      const { body } = await logInWithPasskey(app, second.get(options), more).expect(200);
      expect(readJwt((body as TokenSet).access_token).claims['amr']).to.include.members(['hwk', 'mfa']);
      const impostor = { userHandle: Buffer.from('another').toString('base64url') };
      await logInWithPasskey(app, await signLogin(app, alone, impostor)).expect(401);
    });

    it('reports by place what cannot be imported, and imports the user without it when told so', async () => {
      const key = { credentialId: Buffer.from('broken'), publicKey: Buffer.from('no key') };
      const credentials = [
        buildKeycloakTotp('w8L2nFvQ4zR7tYk1XcMb', { algorithm: 'HmacSHA512', digits: 8 }),
        buildKeycloakPasskey('webauthn', key),
      ];
      const id = '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b11';
      const realm = file('odd.json', JSON.stringify({ users: [{ id, username: 'linus', credentials }] }));
      const words = ['import', 'users', realm, '--from', 'keycloak', '--source', 'odd'];
      const { exitCode, stdout } = await run([...words, '--dry-run']);
      expect(exitCode).to.equal(5);
      expect(stdout).to.match(
        /^users\[0\] \("linus"\): has an authenticator app with totp, HmacSHA512, 8 digits, 30 seconds: .*; and the passkey "Key", which cannot be used: .*--ignore-factors/,
      );
      expect(stdout).to.match(/^1 users were read, and 0 would be imported\.$/m);
      const imported = await run([...words, '--ignore-factors']);
      expect(imported.stdout).to.match(/^1 are without a second factor that they had/m);
      await setPassword('linus');
      await app.login('linus', password);
    });

    it('exports no secret unless asked, and imports again all that it has exported', async () => {
      const created = await app.createUser('barbara', password);
      const { access_token: admin } = await app.login();
      const contact = { email: 'barbara@example.com', email_verified: true, language: 'de' };
      await app.patch(`/users/${created.id}`, contact, admin).expect(200);
      const tokens = await app.login('barbara', password);
      const { secret, recoveryCodes } = await enrollTotp(app, tokens);
      const { body } = await loginWithCode(app, 'barbara', password, computeCode(secret, app));
      const device = createAuthenticator({ synced: true });
      await addPasskey(app, (body as TokenSet).access_token, device, { name: 'Zoë’s phone' });

      const bare = folder.path('bare.ndjson');
      expect((await run(['export', 'users', bare, '--with-hashes'])).stdout).to.include(
        'without their second factors',
      );
      const read = (path: string): Record<string, unknown> =>
        readFileSync(path, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .find(({ username }) => username === 'barbara') ?? expect.fail();
      expect(read(bare)).to.have.deep.property('second_factors', ['totp', 'passkey']);
      expect(readFileSync(bare, 'utf8')).not.to.match(/totp_secret|recovery_code_hashes|passkeys|public_key/);
      const full = folder.path('full.ndjson');
      await run(['export', 'users', full, '--with-hashes', '--with-factors']);
      expect(statSync(full).mode & 0o777).to.equal(0o600);
      const exported = read(full);
      expect(exported).to.include({ totp_secret: secret, email: contact.email, language: 'de' });
      expect(JSON.stringify(exported)).not.to.include(recoveryCodes[0]);
      const audited = (await app.audited('users_exported')).map(
        (row) => JSON.parse(row.details ?? '') as object,
      );
      expect(audited).to.have.deep.members([
        { with_hashes: true, with_factors: false },
        { with_hashes: true, with_factors: true },
      ]);

      const other = await TestApp.start({ database: kind, settings: passkeySettings, clock: app.clock });
      try {
        const importInto = (path: string, ...more: string[]) =>
          runCommand(['import', 'users', path, '--json', ...more], other);
        const onlyBarbara = (path: string): string =>
          file(`only-${Math.random()}.ndjson`, `${JSON.stringify(read(path))}\n`);
        const refused = await importInto(onlyBarbara(bare), '--dry-run');
        expect(readJsonLines(refused.stdout)[0])
          .to.have.property('message')
          .that.matches(/has an authenticator app, which the file does not have .* and passkeys/);
        const imported = await importInto(onlyBarbara(full));
        expect(readJsonLines(imported.stdout).at(-1)).to.include({
          ...{ imported: 1, withFactors: 1, withoutRecoveryCodes: 0, withoutFactors: 0 },
        });
        app.clock.advance(60);
        const { status } = await loginWithCode(other, contact.email, password, computeCode(secret, other));
        expect(status).to.equal(200);
        const withCode = await loginWithCode(other, 'barbara', password, recoveryCodes[0] ?? '');
        expect(withCode.status).to.equal(200);
        expect((await loginWithCode(other, 'barbara', password, recoveryCodes[0] ?? '')).status).to.equal(
          403,
        );
        const { access_token: token } = await getTokensByPasskey(other, device);
        const { body: listed } = await other.get('/me/passkeys', token).expect(200);
        expect(listed).to.have.nested.property('items[0].name', 'Zoë’s phone');
        const again = folder.path('again.ndjson');
        await runCommand(['export', 'users', again, '--with-factors'], other);
        const { passkeys: [before] = [{}] } = exported as { passkeys?: Record<string, unknown>[] };
        const { passkeys: [after] = [{}] } = read(again) as { passkeys?: Record<string, unknown>[] };
        for (const name of ['credential_id', 'public_key', 'name', 'transports', 'backup_eligible']) {
          expect(after?.[name], name).to.deep.equal(before?.[name]);
        }
      } finally {
        await other.close();
      }
    });

    it('continues after an interruption, and imports no passkey twice', async () => {
      const device = createAuthenticator();
      const line = (number: number, more: object = {}): string =>
        JSON.stringify({
          id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
          username: `many ${number}`,
          totp_secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
          ...more,
        });
      const passkeys = [
        { credential_id: device.id, public_key: device.publicKey.toString('base64url'), name: 'Key' },
      ];
      const lines = Array.from({ length: 250 }, (_, index) => line(index + 1));
      const words = ['import', 'users', '--source', 'many', '--json'];
      // Two batches of it.
      const first = await run([...words, file('first.ndjson', `${lines.slice(0, 200).join('\n')}\n`)]);
      expect(readJsonLines(first.stdout).at(-1)).to.include({ imported: 200, withFactors: 200 });
      const all = [...lines, line(251, { passkeys }), line(252, { passkeys })];
      const second = await run([...words, file('all.ndjson', `${all.join('\n')}\n`)]);
      expect(second.exitCode).to.equal(5);
      const results = readJsonLines(second.stdout);
      expect(results[0])
        .to.have.property('message')
        .that.matches(/^line 251 has the same passkey/);
      expect(results.at(-1)).to.include({ skipped: 200, imported: 51, withFactors: 51, refused: 1 });
      const third = await run([...words, file('third.ndjson', `${line(253, { passkeys })}\n`)]);
      expect(readJsonLines(third.stdout)[0])
        .to.have.property('message')
        .that.matches(/^a user here has one of the passkeys/);
      const { count } = await app.services.database.queries
        .selectFrom('latchkey_totp')
        .innerJoin('users', 'users.id', 'latchkey_totp.user_id')
        .where('username', 'like', 'many %')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      expect(count).to.equal(251);
    });

    it('refuses a passkey that no authenticator can have, for its user alone, and imports the rest of the batch', async () => {
      const at = (count: number) => `5c6f6a3c-5d1e-4a44-8c5b-${String(count).padStart(12, '0')}`;
      const device = deviceFor('cmVmdXNlZA');
      const passkey = {
        ...{ credential_id: device.id, public_key: device.publicKey.toString('base64url') },
        ...{ name: 'Phone', user_handle: 'cmVmdXNlZA' },
      };
      const codes = Array.from({ length: 20_000 }, (_, count) => String(count).padStart(43, '0'));
      const hostile = [
        { passkeys: [passkey, passkey] },
        { totp_secret: betterAuth.totp, recovery_code_hashes: codes },
        { passkeys: [{ ...passkey, name: 'a\0b' }] },
        { passkeys: [{ ...passkey, name: 'a\ud800b' }] },
        { passkeys: [{ ...passkey, name: 'my\u202eenohp\u200b' }] },
        { passkeys: [{ ...passkey, name: ' Phone' }] },
        { passkeys: [{ ...passkey, aaguid: 'x\0' }] },
        { passkeys: [{ ...passkey, transports: ['\0'] }] },
        { passkeys: [{ ...passkey, user_handle: 'a\0' }] },
        { passkeys: [{ ...passkey, user_handle: 'a'.repeat(90) }] },
      ].map((fields, count) => ({ id: at(count), username: `hostile ${count}`, ...fields }));
      const [hash = ''] = codes;
      const harmless = {
        ...{ id: at(99), username: 'harmless', totp_secret: betterAuth.totp },
        recovery_code_hashes: [hash, hash],
      };
      const lines = [...hostile, harmless].map((each) => `${JSON.stringify(each)}\n`).join('');
      const { stdout, exitCode } = await run(['import', 'users', file('hostile.ndjson', lines)]);
      expect(exitCode).to.equal(5);
      for (const { username } of hostile) expect(stdout).to.include(`("${username}"): has `);
      expect(stdout).not.to.include('run the import again').and.not.to.include('("harmless")');
      await setPassword('harmless');
    });

    it('refuses keys with which everybody could sign, or which are none, and names their users', async () => {
      const lines = weakKeys.map(({ key }, count) => ({
        id: `6c5f6a3c-5d1e-4a44-8c5b-${String(count).padStart(12, '0')}`,
        username: `weak ${count}`,
        passkeys: [
          {
            credential_id: createAuthenticator().id,
            public_key: Buffer.from(isoCBOR.encode(key)).toString('base64url'),
            name: 'Phone',
          },
        ],
      }));
      const contents = lines.map((each) => `${JSON.stringify(each)}\n`).join('');
      const words = ['import', 'users', file('weak.ndjson', contents), '--json'];
      const { stdout, exitCode } = await run(words);
      expect(exitCode).to.equal(5);
      const errors = readJsonLines(stdout).slice(0, -1) as { username: string; message: string }[];
      expect(errors.map(({ username }) => username)).to.deep.equal(lines.map(({ username }) => username));
      for (const [count, { name, reason }] of weakKeys.entries()) {
        expect(errors[count]?.message, name)
          .to.match(/^has the passkey "Phone", which cannot be used: its key /)
          .and.match(reason);
      }
    });

    it('refuses invalid fields', async () => {
      const lines = [
        { username: 'a', recovery_code_hashes: ['x'] },
        { username: 'b', passkeys: {} },
        { username: 'c', passkeys: [{ credential_id: '?' }] },
        { username: 'd', passkeys: [{ credential_id: 'eA', public_key: 'eA', sign_count: -1 }] },
        { username: 'e', totp_secret: 'too short' },
        { username: 'f', passkeys: [{ credential_id: 'eA', public_key: 'eA', name: 'x'.repeat(101) }] },
        { id: '7', username: 'g', recovery_code_hashes: [], second_factors: ['totp'] },
      ];
      const path = file('wrong.ndjson', `${lines.map((each) => JSON.stringify(each)).join('\n')}\n`);
      const { stdout } = await run(['import', 'users', path, '--dry-run', '--json']);
      const messages = readJsonLines(stdout)
        .slice(0, -1)
        .map((each) => (each as { message: string }).message);
      for (const [index, message] of [
        /^recovery_code_hashes must be hashes/,
        /^passkeys must be a list of objects/,
        /^credential_id of a passkey must be base64url/,
        /^sign_count must be a number of 32 bits/,
        /^has an authenticator app whose secret/,
        /^has a passkey with a name that is too long/,
        /^has an authenticator app, which the file does not have/,
      ].entries()) {
        expect(messages[index]).to.match(message);
      }
    });
  });
}
