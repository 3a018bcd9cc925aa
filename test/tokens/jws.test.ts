import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { compactVerify, SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import { algorithms, type Algorithm } from '../../src/tokens/algorithms.js';
import { isSignatureOf, signJws } from '../../src/tokens/jws.js';

const curves: Partial<Record<Algorithm, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function newPair(algorithm: Algorithm): Pair {
  if (algorithm.startsWith('HS')) {
    const key = createSecretKey(randomBytes(64));
    return { privateKey: key, publicKey: key };
  }
  const namedCurve = curves[algorithm];
  return namedCurve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve });
}

/** Whether a token has the key's signature. */
function isGood(token: string, algorithm: Algorithm, { publicKey }: Pick<Pair, 'publicKey'>): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return isSignatureOf(`${header}.${payload}`, Buffer.from(signature, 'base64url'), algorithm, publicKey);
}

describe('A JSON Web Signature', () => {
  for (const algorithm of algorithms) {
    describe(`with ${algorithm}`, () => {
      const pair = newPair(algorithm);
      const payload = { sub: 'Ada', text: 'é “quoted” \u0000', number: 1 };
      const token = (): string =>
        signJws({ alg: algorithm, typ: 'at+jwt' }, payload, algorithm, pair.privateKey);

      it('is good for jose, for jsonwebtoken, and here', async () => {
        const verified = await compactVerify(token(), pair.publicKey, { algorithms: [algorithm] });
        expect(verified.protectedHeader).to.deep.equal({ alg: algorithm, typ: 'at+jwt' });
        expect(JSON.parse(Buffer.from(verified.payload).toString())).to.deep.equal(payload);
        expect(jwt.verify(token(), pair.publicKey, { algorithms: [algorithm] })).to.deep.equal(payload);
        expect(isGood(token(), algorithm, pair)).to.be.true;
      });

      it('is accepted where jose or jsonwebtoken made it', async () => {
        const made = await new SignJWT(payload).setProtectedHeader({ alg: algorithm }).sign(pair.privateKey);
        expect(isGood(made, algorithm, pair)).to.be.true;
        expect(isGood(jwt.sign(payload, pair.privateKey, { algorithm }), algorithm, pair)).to.be.true;
      });

      it("is refused with another key's signature", () => {
        expect(isGood(token(), algorithm, newPair(algorithm))).to.be.false;
      });

      it('is refused with any other bit, or another length', () => {
        const [header = '', claims = '', signature = ''] = token().split('.');
        const good = Buffer.from(signature, 'base64url');
        fc.assert(
          fc.property(fc.nat(good.length * 8 - 1), (bit) => {
            const bad = Buffer.from(good);
            bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
            return !isSignatureOf(`${header}.${claims}`, bad, algorithm, pair.publicKey);
          }),
          { numRuns: 20 },
        );
        for (const other of [Buffer.alloc(0), good.subarray(1), Buffer.concat([good, Buffer.alloc(1)])])
          expect(isSignatureOf(`${header}.${claims}`, other, algorithm, pair.publicKey)).to.be.false;
        expect(isSignatureOf(`${header}.${claims}x`, good, algorithm, pair.publicKey)).to.be.false;
      });
    });
  }

  it('is the one of RFC 7515, appendices A.1 and A.3', () => {
    const claims =
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    const secret = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
    const hmac = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
    expect(isGood(hmac, 'HS256', { publicKey: createSecretKey(secret, 'base64url') })).to.be.true;
    const publicKey = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    });
    const signature =
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
    expect(isGood(`eyJhbGciOiJFUzI1NiJ9.${claims}.${signature}`, 'ES256', { publicKey })).to.be.true;
  });
});
