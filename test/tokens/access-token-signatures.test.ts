import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  type JsonWebKey,
} from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { compactVerify, SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import { computeSignatureLength } from '../../src/guard/public-keys.js';
import type { Hooks } from '../../src/tokens/hooks.js';
import { Problem } from '../../src/problems/problem.js';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import { AccessTokens } from '../../src/tokens/access-token.js';
import { algorithms, type Algorithm } from '../../src/keys/algorithms.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { SigningKey } from '../../src/keys/signing-keys.js';
import { TestClock } from '../support/clock.js';
import { readJwt } from '../support/tokens.js';

const curves: Partial<Record<Algorithm, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const issuer = 'http://latchkey.test';
const clock = new TestClock();

function newKey(algorithm: Algorithm): SigningKey {
  if (algorithm.startsWith('HS')) {
    const key = createSecretKey(randomBytes(64));
    const length = Number(algorithm.slice(2)) / 8;
    return { id: 'key', algorithm, privateKey: key, publicKey: key, signatureLength: length };
  }
  const namedCurve = curves[algorithm];
  const { privateKey, publicKey } =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve });
  const jwk: JsonWebKey = createPublicKey(privateKey).export({ format: 'jwk' });
  return { id: 'key', algorithm, privateKey, publicKey, signatureLength: computeSignatureLength(jwk) };
}

function tokensWith(signingKey: SigningKey, hooks: Hooks = {}): AccessTokens {
  const ring = {
    signingKey,
    findSigningKey: () => signingKey,
    listSigningKeys: () => [],
    removals: 0,
  } as Partial<KeyRing> as KeyRing;
  return new AccessTokens(ring, clock, {
    issuer,
    acceptedIssuers: [issuer],
    audience: [issuer],
    acceptedAudiences: [issuer],
    lifetime: 900,
    leeway: 0,
    notBefore: true,
    type: 'at+jwt',
    scheme: 'Bearer',
    maxLength: 8192,
    hooks,
  });
}

const grant = {
  subject: 'Ada',
  version: 1,
  sessionId: 'é “quoted” \u0000',
  roles: ['reader'],
  permissions: ['reports:read'],
  authenticatedAt: clock.now(),
  fresh: true,
};

describe('The signature of an access token', () => {
  for (const algorithm of algorithms) {
    describe(`with ${algorithm}`, () => {
      const key = newKey(algorithm);
      const tokens = tokensWith(key);
      const header = { alg: algorithm, typ: 'at+jwt', kid: 'key' };
      const isRefused = (token: string): boolean => {
        try {
          tokens.verify(token);
          return false;
        } catch (error) {
          if (error instanceof Problem && error.code === 'invalid_token') return true;
          throw error;
        }
      };

      it('is verified by jose, by jsonwebtoken, and by the service', async () => {
        const token = tokens.issue(grant);
        const verified = await compactVerify(token, key.publicKey, { algorithms: [algorithm] });
        expect(verified.protectedHeader).to.deep.equal(header);
        const clockTimestamp = clock.now() / 1000;
        const claims = jwt.verify(token, key.publicKey, { algorithms: [algorithm], clockTimestamp });
        expect(JSON.parse(Buffer.from(verified.payload).toString())).to.deep.equal(claims);
        expect(tokens.verify(token)).to.deep.equal(claims);
        expect((claims as AccessTokenClaims).sid).to.equal(grant.sessionId);
      });

      it('is accepted if jose or jsonwebtoken made it', async () => {
        const { claims } = readJwt(tokens.issue(grant));
        const made = await new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
        expect(isRefused(made)).to.be.false;
        expect(isRefused(jwt.sign(claims, key.privateKey, { algorithm, header }))).to.be.false;
      });

      it("is refused where it is another key's", () => {
        expect(isRefused(tokensWith(newKey(algorithm)).issue(grant))).to.be.true;
      });

      it('is refused with any bit flipped, or with another length', () => {
        const token = tokens.issue(grant);
        const content = token.slice(0, token.lastIndexOf('.'));
        const good = Buffer.from(token.slice(content.length + 1), 'base64url');
        const withSignature = (bytes: Buffer): string => `${content}.${bytes.toString('base64url')}`;
        fc.assert(
          fc.property(fc.nat(good.length * 8 - 1), (bit) => {
            const bad = Buffer.from(good);
            bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
            return isRefused(withSignature(bad));
          }),
          { numRuns: 20 },
        );
        for (const other of [
          Buffer.alloc(0),
          good.subarray(1),
          good.subarray(0, -1),
          Buffer.concat([good, Buffer.alloc(1)]),
          Buffer.concat([Buffer.alloc(1), good]),
        ])
          expect(isRefused(withSignature(other))).to.be.true;
        expect(isRefused(withSignature(good))).to.be.false;
      });
    });
  }

  it('covers a hook’s header in UTF-8 (RFC 7515 §2)', () => {
    const tokens = tokensWith(newKey('ES256'), {
      additionalHeaders: () => ({ tenant: 'Zoë “日本” 🔑', 日本: [{ ñ: 1 }], kid: 'another', alg: 'none' }),
    });
    const token = tokens.issue(grant);
    expect(readJwt(token).header).to.deep.equal({
      tenant: 'Zoë “日本” 🔑',
      日本: [{ ñ: 1 }],
      alg: 'ES256',
      typ: 'at+jwt',
      kid: 'key',
    });
    expect(tokens.verify(token).sub).to.equal('Ada');
  });
});
