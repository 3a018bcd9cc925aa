import { createPublicKey } from 'node:crypto';
import { expect } from 'chai';
import { computeSignatureLength } from '../../src/guard/public-keys.js';
import { Problem } from '../../src/problems/problem.js';
import { AccessTokenVerifier } from '../../src/tokens/access-token-verifier.js';
import type { Algorithm } from '../../src/keys/algorithms.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { SigningKey } from '../../src/keys/signing-keys.js';
import { TestClock } from '../support/clock.js';
import { createClient } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { tokenVectors } from '../support/vectors.js';

describe('With the token vectors that the guards pass, too, the service', () => {
  const keys = new Map(
    tokenVectors.keys.map((jwk): [string, SigningKey] => {
      const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
      const algorithm = jwk.alg as Algorithm;
      return [
        jwk.kid,
        {
          id: jwk.kid,
          algorithm,
          privateKey: publicKey,
          publicKey,
          signatureLength: computeSignatureLength(jwk),
        },
      ];
    }),
  );
  const ring = { findSigningKey: (id: string) => keys.get(id) } as Partial<KeyRing> as KeyRing;
  const verifier = new AccessTokenVerifier(ring, new TestClock(), {
    acceptedIssuers: [tokenVectors.issuer],
    leeway: 0,
  });

  for (const { name, token } of tokenVectors.accepted) {
    it(`accepts ${name}`, () => {
      expect(verifier.verify(token).iss).to.equal(tokenVectors.issuer);
    });
  }

  // One test for hundreds of encodings. Headers that are cached by then must let none through.
  it('refuses each accepted token in another encoding', () => {
    for (const { token } of tokenVectors.accepted) verifier.verify(token);
    for (const { name, token } of tokenVectors.refused) {
      expect(() => verifier.verify(token), name)
        .to.throw(Problem)
        .with.property('code', 'invalid_token');
    }
  });
});

describe('A key that must not be used', () => {
  let app: TestApp;
  let admin: string;
  before(async () => {
    app = await TestApp.start();
    admin = (await app.login()).access_token;
  });
  after(() => app.close());

  for (const { name, jwk } of tokenVectors.badKeys) {
    it(`is refused as a client's: ${name}`, async () => {
      const client = {
        client_name: 'A client',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
      };
      const { body } = await app.post('/clients', client, admin).expect(422);
      expect(Object.keys(body.errors as object)).to.have.length(1);
      const good = await createClient(app, { ...client, jwks: { keys: [tokenVectors.keys[0]] } });
      await app.patch(`/clients/${good.client_id}`, { jwks: { keys: [jwk] } }, admin).expect(422);
    });
  }

  it("is refused as a client's if another one has its kid", async () => {
    const [one, other] = tokenVectors.keys;
    const client = {
      client_name: 'A client',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [one, { ...other, kid: one?.kid }] },
    };
    const { body } = await app.post('/clients', client, admin).expect(422);
    expect(body.errors.jwks).to.include('two keys with the kid "ES256"');
  });
});
