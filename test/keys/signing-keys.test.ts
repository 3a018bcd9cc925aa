import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import { serviceActor } from '../../src/audit/actor.js';
import { readConfig } from '../../src/config/config.js';
import {
  createKeyId,
  generateSigningKey,
  importSigningKey,
  KeyImportError,
} from '../../src/keys/signing-keys.js';
import { temporaryFolder } from '../support/folders.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';
import { readJwt, ResourceServer } from '../support/tokens.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const p256 = ec('P-256');
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string =>
  key.export({ type, format: 'pem' }) as string;
const jwk = (key: KeyObject, more: object = {}): string =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });

const pointOf = (key: KeyObject): object => {
  const { x, y } = key.export({ format: 'jwk' });
  return { x, y };
};

/** Kind of key → its text → the algorithm that it is for. */
const good = [
  ['PKCS #8 of P-256', pem(p256), 'ES256'],
  ['SEC 1 of P-256', pem(p256, 'sec1'), 'ES256'],
  ['a JWK of P-256', jwk(p256, { alg: 'ES256', kid: 'my own name', use: 'sig' }), 'ES256'],
  ['PKCS #8 of P-384', pem(ec('P-384')), 'ES384'],
  ['SEC 1 of P-521', pem(ec('P-521'), 'sec1'), 'ES512'],
  ['PKCS #8 of RSA', pem(rsa), 'PS256'],
  ['PKCS #1 of RSA', pem(rsa, 'pkcs1'), 'RS384'],
  ['a JWK of RSA', ` ${jwk(rsa, { alg: 'PS512' })}\n`, 'PS512'],
] as const;

const encrypted = p256.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
}) as string;
const publicPem = createPublicKey(p256).export({ type: 'spki', format: 'pem' }) as string;
const notPrivate = /no private key in PEM or JWK form/;
const otherKind = /must be RSA, or of one of the curves/;

/** What → the key → what is said of it. */
const bad = [
  [
    'RSA of 1024 bits',
    pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
    /2048 bits or more/,
  ],
  ...[3, 17, 65_535].map((publicExponent): [string, string, RegExp] => [
    `RSA with the public exponent ${publicExponent}`,
    pem(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent }).privateKey),
    /must have an odd public exponent of 65537 or more/,
  ]),
  ['RSA with the public exponent 1', jwk(rsa, { e: 'AQ' }), /must have an odd public exponent/],
  ['RSA with an even public exponent', jwk(rsa, { e: 'AQAC' }), /must have an odd public exponent/],
  ['RSA-PSS alone', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey), otherKind],
  ['RSA with another public exponent', jwk(rsa, { e: 'AQAJ' }), /do not belong together/],
  ['the point of another key', jwk(p256, pointOf(ec('P-256'))), /do not belong together|no private key/],
  ['the curve secp256k1', pem(ec('secp256k1')), otherKind],
  ['Ed25519', pem(generateKeyPairSync('ed25519').privateKey), otherKind],
  ['a public key in PEM form', publicPem, notPrivate],
  ['a public JWK', jwk(createPublicKey(p256)), notPrivate],
  ['an encrypted PEM', encrypted, /an encrypted PEM must be decrypted first/],
  ['a symmetric JWK', '{"kty":"oct","k":"AAAA"}', notPrivate],
  ['a PEM that was cut off', pem(p256).slice(0, 90), notPrivate],
  ['a JWK that was cut off', jwk(p256).slice(0, 50), /not valid JSON/],
  [
    'a JWK for another algorithm',
    jwk(p256, { alg: 'ES384' }),
    /says "alg": "ES384", which its key is not for/,
  ],
  ['anything else', 'ssh-ed25519 AAAA', notPrivate],
] as const;

describe('The id of a new key', () => {
  it('does not begin with a hyphen, which commands would take for an option', async () => {
    for (let made = 0; made < 500; made += 1) {
      expect((await generateSigningKey('ES256')).id).not.to.match(/^-/);
      expect(createKeyId()).to.match(/^[A-Za-z0-9_][A-Za-z0-9_-]{11}$/);
    }
  });
});

describe('An operator’s own signing key', () => {
  for (const [what, text, algorithm] of good) {
    it(`is accepted as ${what}, and its id is its thumbprint (RFC 7638)`, async () => {
      const key = importSigningKey(text, algorithm);
      expect(key.algorithm).to.equal(algorithm);
      expect(key.id).to.equal(await calculateJwkThumbprint(key.publicKey.export({ format: 'jwk' })));
    });
  }

  for (const [what, text, words] of bad) {
    it(`is refused as ${what}, with the reason`, () => {
      expect(() => importSigningKey(text, 'ES256')).to.throw(KeyImportError, words);
    });

    it(`is refused as ${what} in JWT_PRIVATE_KEY, without repeating it`, () => {
      const read = (): unknown =>
        readConfig({ JWT_PRIVATE_KEY: text.startsWith('{') ? text : `-----BEGIN\n${text}` });
      expect(read)
        .to.throw(/^JWT_PRIVATE_KEY must be a key that can be used: /)
        .with.property('message')
        .that.does.not.include(text.slice(0, 20));
    });
  }

  it('is refused for an algorithm other than the one that is set', () => {
    const read = (): unknown => readConfig({ JWT_PRIVATE_KEY: pem(rsa) });
    expect(read).to.throw(
      'JWT_PRIVATE_KEY is for RS256, and JWT_ALGORITHM is ES256. Set JWT_ALGORITHM to RS256.',
    );
    expect(() => readConfig({ JWT_PRIVATE_KEY: pem(p256), JWT_ALGORITHM: 'RS256' })).to.throw('is for ES256');
  });

  describe('in JWT_PRIVATE_KEY', () => {
    const folder = temporaryFolder();
    let app: TestApp;
    afterEach(() => app.close());

    for (const [what, text, algorithm] of good) {
      it(`signs as ${what}`, async () => {
        app = await TestApp.start({ settings: { JWT_ALGORITHM: algorithm, JWT_PRIVATE_KEY: text } });
        const { access_token: token } = await app.login();
        const { id } = importSigningKey(text, algorithm);
        expect(readJwt(token).header).to.include({ alg: algorithm, kid: id });
        await app.get('/protected', token).expect(200);
        await new ResourceServer(app).verify(token);
      });
    }

    it('may be the path of a file', async () => {
      writeFileSync(folder.path('key.pem'), pem(p256));
      app = await TestApp.start({ settings: { JWT_PRIVATE_KEY: folder.path('key.pem') } });
      expect(app.services.ring.signingKey.id).to.equal(importSigningKey(pem(p256), 'ES256').id);
    });

    it('is published first if another key signs, and so is a key that comes back', async () => {
      const own = importSigningKey(pem(p256), 'ES256').id;
      app = await TestApp.start();
      const made = app.services.ring.signingKey.id;
      app = await app.restart({ JWT_PRIVATE_KEY: pem(p256) });
      expect(app.services.ring.signingKey.id).to.equal(made);
      app.clock.advance(360);
      expect(app.services.ring.signingKey.id).to.equal(own);

      app = await app.restart({ JWT_PRIVATE_KEY: '' });
      await app.services.ring.rotate('access', serviceActor);
      app = await app.restart({ JWT_PRIVATE_KEY: pem(p256) });
      const { access_token: token } = await app.login();
      for (const seconds of [0, 359, 1, 1, 600]) {
        app.clock.advance(seconds);
        if (seconds === 600) expect(app.services.ring.signingKey.id).to.equal(own);
        else await app.get('/protected', token).expect(200);
      }
      // It is the newest from then on: a restart changes nothing.
      const before = app.services.ring.listSigningKeys().map(({ activeAt }) => activeAt);
      app = await app.restart();
      expect(app.services.ring.listSigningKeys().map(({ activeAt }) => activeAt)).to.deep.equal(before);
    });

    it('cannot be rotated or revoked while it is set, because it would come back', async () => {
      app = await TestApp.start({ settings: { JWT_PRIVATE_KEY: pem(p256) } });
      const { ring } = app.services;
      await expectRejection(ring.rotate('access', serviceActor), /signed with JWT_PRIVATE_KEY/);
      await expectRejection(
        ring.revoke(ring.signingKey.id, serviceActor),
        /is JWT_PRIVATE_KEY, which would bring it back/,
      );
    });
  });

  describe('that is imported', () => {
    let app: TestApp;
    beforeEach(async () => {
      app = await TestApp.start();
    });
    afterEach(() => app.close());

    it('is published at once, signs later, and is imported once', async () => {
      const { ring } = app.services;
      const imported = await ring.import(pem(p256), serviceActor);
      expect(imported).to.deep.equal({
        id: importSigningKey(pem(p256), 'ES256').id,
        activeAt: app.clock.now() + 360_000,
      });
      expect(ring.listPublishedKeys().map(({ kid }) => kid)).to.include(imported?.id);
      expect(await ring.import(jwk(p256), serviceActor)).to.be.undefined;
      app.clock.advance(360);
      expect(ring.signingKey.id).to.equal(imported?.id);
    });

    it('is refused if it must not sign, and nothing changes', async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey;
      const { ring } = app.services;
      const before = ring.listPublishedKeys();
      await expectRejection(ring.import(pem(weak), serviceActor), /odd public exponent/);
      expect(ring.listPublishedKeys()).to.deep.equal(before);
    });

    it('is removed at the start if it is refused now but was imported earlier, and is named in the log', async () => {
      const { queries } = app.services.database;
      const { ring } = app.services;
      const id = ring.signingKey.id;
      const weak = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey;
      const publicKey = JSON.stringify({ ...weak.export({ format: 'jwk' }), kid: id });
      const { access_token: token } = await app.login();
      await queries.updateTable('keys').set({ public_key: publicKey }).where('id', '=', id).execute();
      await ring.reload();
      await app.get('/protected', token).expect(401);
      app = await app.restart();
      expect(app.logged).to.containSubset([{ event: 'key_refused' }]);
      expect(JSON.stringify(app.logged)).to.include(id).and.include('odd public exponent');
      expect(app.services.ring.listSigningKeys().map((key) => key.id)).not.to.include(id);
      await app.get('/protected', (await app.login()).access_token).expect(200);
    });

    it('must be for the algorithm that is set', async () => {
      await expectRejection(
        app.services.ring.import(pem(rsa), serviceActor),
        /Set JWT_ALGORITHM to RS256 first/,
      );
    });
  });
});

async function expectRejection(promise: Promise<unknown>, words: RegExp): Promise<void> {
  expect(await catchRejection(promise))
    .to.have.property('message')
    .that.matches(words);
}
