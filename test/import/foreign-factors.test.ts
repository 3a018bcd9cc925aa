import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import pg from 'pg';
import { readTotpSecret, toBase32 } from '../../src/import/foreign-factors.js';
import { decryptXChaCha20 } from '../../src/import/sources/better-auth-secrets.js';
import { findTotpStep } from '../../src/second-factors/totp.js';
import { temporaryFolder } from '../support/folders.js';
import {
  betterAuth,
  buildBetterAuthTables,
  buildKeycloakPasskey,
  buildKeycloakTotp,
  readFactors,
} from '../support/foreign-factors.js';
import { createAuthenticator } from '../support/passkeys.js';
import { createPostgresDatabase } from '../support/postgres.js';

const uuid = '0b9f6a3c-5d1e-4a44-8c5b-2f1d9e7a6b10';

describe('Second factors of other applications', () => {
  const folder = temporaryFolder();
  let files = 0;
  const sqliteFile = (script: string): string => {
    const path = folder.path(`${(files += 1)}.db`);
    const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    connection.exec(script);
    connection.close();
    return path;
  };
  const realm = (...credentials: readonly object[]): string => {
    const path = folder.path(`${(files += 1)}.json`);
    writeFileSync(path, JSON.stringify({ users: [{ id: uuid, username: 'ada', credentials }] }));
    return path;
  };

  it('are decrypted with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03 A.3.1)', () => {
    const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
    const key = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
    const nonce = hex('404142434445464748494a4b4c4d4e4f5051525354555657');
    const ciphertext = hex(`bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
      731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
      2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
      21f9664c97637da9768812f615c68b13b52e`);
    const tag = hex('c0875924c1c7987947deafd8780acf49');
    const data = hex('50515253c0c1c2c3c4c5c6c7');
    const sealed = Buffer.concat([nonce, ciphertext, tag]);
    expect(decryptXChaCha20(key, sealed, data)?.toString()).to.equal(
      'Ladies and Gentlemen of the class of \u002799: If I could offer you only one tip for the future, sunscreen would be it.',
    );
    expect(decryptXChaCha20(key, sealed)).to.equal(undefined);
  });

  it('have secrets of 16 to 64 bytes in base32, however they are written', () => {
    expect(toBase32(Buffer.from('foobar'))).to.equal('MZXW6YTBOI');
    expect(readTotpSecret('jbsw y3dp-ehpk 3pxp jbsw y3dp eh======')).to.deep.equal({
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEH',
    });
    for (const wrong of ['', 'JBSWY3DPEHPK3PXP', 'JBSWY3DPEHPK3PX1JBSWY3DPEH', 'A'.repeat(104)]) {
      expect(readTotpSecret(wrong)).to.have.property('error');
    }
  });

  for (const [what, sealed, environment] of [
    ['one secret', betterAuth.plain, { BETTER_AUTH_SECRET: betterAuth.secret }],
    ['several secrets', betterAuth.versioned, { BETTER_AUTH_SECRETS: betterAuth.versions }],
  ] as const) {
    it(`of better-auth with ${what} are imported, and show the same codes`, async () => {
      const path = sqliteFile(buildBetterAuthTables('Xy12', sealed));
      const [factors] = await readFactors('better-auth', path, { environment });
      expect(factors).to.deep.equal({ totpSecret: betterAuth.totp, passkeys: [] });
      const { step, code, totp } = betterAuth;
      expect(findTotpStep(totp, code, { now: step * 30_000, lastStep: 0 })).to.equal(step);
    });
  }

  for (const [what, sealed, environment] of [
    ['without its secret', betterAuth.plain, {}],
    ['with another secret', betterAuth.plain, { BETTER_AUTH_SECRET: 'another' }],
    ['without the version of the secret', betterAuth.versioned, { BETTER_AUTH_SECRETS: '1:x,3:y' }],
    [
      'with a secret that is damaged',
      betterAuth.plain.slice(0, 60),
      { BETTER_AUTH_SECRET: betterAuth.secret },
    ],
  ] as const) {
    it(`of better-auth are reported ${what}`, async () => {
      const path = sqliteFile(buildBetterAuthTables('Xy12', sealed));
      const [factors] = await readFactors('better-auth', path, { environment });
      expect(factors)
        .to.have.nested.property('unusable[0]')
        .that.matches(/is encrypted: set BETTER_AUTH_SECRET/);
    });
  }

  it('of better-auth on PostgreSQL are read, too, with names in snake_case', async () => {
    const url = await createPostgresDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`create table "user" (id text primary key, email text, email_verified boolean, two_factor_enabled boolean, created_at timestamptz);
      create table account (id text primary key, provider_id text, user_id text, password text);
      create table two_factor (id text primary key, secret text, backup_codes text, user_id text, verified boolean);
      create table passkey (id text primary key, name text, public_key text, user_id text, credential_id text, counter int, device_type text, backed_up boolean, transports text, created_at timestamptz);
      insert into "user" values ('1', 'ada@example.com', true, true, '2024-05-01T09:00:00Z'), ('2', 'grace@example.com', true, true, now()), ('3', 'linus@example.com', true, false, now());
      insert into two_factor values ('a', 'xx', '', '1', false), ('b', '${betterAuth.plain}', '', '1', true), ('c', 'xx', '', '2', false);
      insert into passkey values ('p', null, 'pQEC', '1', 'Y3JlZA', 7, 'multiDevice', true, 'internal,hybrid', '2024-05-01T09:00:00Z')`);
    await client.end();
    const [ada, grace, linus] = await readFactors('better-auth', url, {
      environment: { BETTER_AUTH_SECRET: betterAuth.secret },
    });
    expect(ada).to.deep.equal({
      totpSecret: betterAuth.totp,
      passkeys: [
        {
          ...{ credentialId: 'Y3JlZA', publicKey: 'pQEC', name: 'Passkey', signCount: 7, userHandle: '' },
          transports: ['internal', 'hybrid'],
          aaguid: '00000000-0000-0000-0000-000000000000',
          ...{ passwordless: true, backupEligible: true, backedUp: true, lastUsedAt: undefined },
          createdAt: Date.parse('2024-05-01T09:00:00Z'),
        },
      ],
    });
    expect(grace).to.deep.include({ unusable: ['a second factor that is no authenticator app'] });
    expect(linus).to.deep.equal({ passkeys: [] });
  });

  it('of Keycloak are imported, with secrets in characters and in base32', async () => {
    const device = createAuthenticator();
    const path = realm(
      { type: 'password', credentialData: '{"algorithm":"argon2"}', secretData: '{}' },
      buildKeycloakTotp('w8L2nFvQ4zR7tYk1XcMb'),
      buildKeycloakPasskey('webauthn', device),
      { type: 'recovery-authn-codes', credentialData: '{}', secretData: '{}' },
    );
    const [factors] = await readFactors('keycloak', path);
    expect(factors).to.deep.equal({
      totpSecret: toBase32(Buffer.from('w8L2nFvQ4zR7tYk1XcMb')),
      passkeys: [
        {
          ...{ credentialId: device.id, publicKey: device.publicKey.toString('base64url'), name: 'Key' },
          transports: ['internal', 'hybrid'],
          aaguid: '00000000-0000-0000-0000-000000000000',
          ...{ signCount: 0, passwordless: false, backupEligible: undefined, backedUp: false },
          ...{ createdAt: 1714554000000, lastUsedAt: undefined },
          userHandle: Buffer.from(uuid).toString('base64url'),
        },
      ],
      unusable: [],
    });
    const encoded = buildKeycloakTotp('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', { secretEncoding: 'BASE32' });
    const [inBase32] = await readFactors('keycloak', realm(encoded));
    expect(inBase32).to.include({ totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' });
  });

  for (const [what, data, error] of [
    ['SHA-256', { algorithm: 'HmacSHA256' }, /totp, HmacSHA256, 6 digits, 30 seconds: 6 digits of SHA-1/],
    ['8 digits', { digits: 8 }, /8 digits/],
    ['60 seconds', { period: 60 }, /60 seconds/],
    ['a counter', { subType: 'hotp' }, /hotp/],
  ] as const) {
    it(`of Keycloak are reported where the app has ${what}`, async () => {
      const [factors] = await readFactors('keycloak', realm(buildKeycloakTotp('w8L2nFvQ4zR7tYk1XcMb', data)));
      expect(factors).to.have.property('totpSecret', undefined);
      expect(factors).to.have.nested.property('unusable[0]').that.matches(error);
    });
  }

  it('of Keycloak are reported where there are several apps, or a key that is no base64', async () => {
    const app = buildKeycloakTotp('w8L2nFvQ4zR7tYk1XcMb');
    const [factors] = await readFactors('keycloak', realm(app, app));
    expect(factors).to.deep.include({ unusable: ['2 authenticator apps: the first one is taken'] });
    const broken = { type: 'webauthn', credentialData: '{"credentialId":"?"}' };
    expect(await readFactors('keycloak', realm(broken))).to.deep.equal(['credentialId must be base64']);
  });

  it('of supabase/auth are imported where they are not encrypted', async () => {
    const url = await createPostgresDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`create schema auth;
      create table auth.users (id uuid primary key, email text, encrypted_password text, email_confirmed_at timestamptz, raw_app_meta_data jsonb, banned_until timestamptz, created_at timestamptz, last_sign_in_at timestamptz, phone text, is_anonymous boolean default false);
      create table auth.mfa_factors (id uuid primary key default gen_random_uuid(), user_id uuid, factor_type text, status text, secret text, created_at timestamptz default now());
      insert into auth.users (id, email) select format('00000000-0000-4000-8000-00000000000%s', n)::uuid, format('user%s@example.com', n) from generate_series(1, 4) n;
      insert into auth.mfa_factors (user_id, factor_type, status, secret) values
        ('00000000-0000-4000-8000-000000000001', 'totp', 'verified', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'),
        ('00000000-0000-4000-8000-000000000001', 'totp', 'unverified', 'AAAA'),
        ('00000000-0000-4000-8000-000000000002', 'totp', 'verified', '{"key_id":"k","alg":"aes-gcm-hkdf","data":"eA==","nonce":"eA=="}'),
        ('00000000-0000-4000-8000-000000000003', 'phone', 'verified', null)`);
    await client.end();
    const [plain, encrypted, phone, none] = await readFactors('supabase', url);
    expect(plain).to.deep.equal({ totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', unusable: [] });
    expect(encrypted).to.deep.equal({
      unusable: ['an authenticator app whose secret supabase/auth has encrypted'],
    });
    expect(phone).to.deep.equal({ unusable: ['1 second factors that are no authenticator apps'] });
    expect(none).to.deep.equal({ unusable: [] });
  });
});
