import { expect } from 'chai';
import { jwtVerify } from 'jose';
import { serviceActor } from '../../src/audit/actor.js';
import { asymmetricAlgorithms, symmetricAlgorithms } from '../../src/keys/algorithms.js';
import { TestApp } from '../support/test-app.js';
import { readJwt, ResourceServer } from '../support/tokens.js';

/** The members of a public key (RFC 7517 §4, RFC 7518 §6), and no others. */
const members = (algorithm: string): readonly string[] => [
  ...['kty', 'kid', 'use', 'alg'],
  ...(algorithm.startsWith('ES') ? ['crv', 'x', 'y'] : ['n', 'e']),
];

async function withApp(
  settings: Record<string, string>,
  work: (app: TestApp) => Promise<void>,
): Promise<void> {
  const app = await TestApp.start({ settings });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

describe('JWT_ALGORITHM', () => {
  for (const algorithm of asymmetricAlgorithms) {
    it(`${algorithm}: its tokens are accepted here, and by others with the key that is published`, () =>
      withApp({ JWT_ALGORITHM: algorithm }, async (app) => {
        const { access_token: token } = await app.login();
        await app.get('/protected', token).expect(200);
        const { body } = await app.get('/.well-known/jwks.json').expect(200);
        const [key, ...others] = body.keys;
        expect(others).to.deep.equal([]);
        expect(key).to.have.all.keys(members(algorithm));
        expect(key).to.include({ use: 'sig', alg: algorithm });
        expect(readJwt(token).header).to.deep.equal({ typ: 'at+jwt', alg: algorithm, kid: key.kid });
        const { sub } = await new ResourceServer(app).verify(token);
        expect(sub).to.be.a('string');
        await app.get('/protected', `${token.slice(0, -40)}${'A'.repeat(40)}`).expect(401);
      }));
  }

  for (const algorithm of symmetricAlgorithms) {
    it(`${algorithm}: its tokens are accepted here, and by others with the secret; no key is published`, () =>
      withApp({ JWT_ALGORITHM: algorithm, JWT_SECRET_KEY: 's'.repeat(64) }, async (app) => {
        const { access_token: token } = await app.login();
        await app.get('/protected', token).expect(200);
        expect((await app.get('/.well-known/jwks.json').expect(200)).body).to.deep.equal({ keys: [] });
        const { header } = readJwt(token);
        expect(header).to.include({ typ: 'at+jwt', alg: algorithm });
        expect(header['kid']).to.match(/^[\w-]{16}$/);
        const currentDate = new Date(app.clock.now());
        await jwtVerify(token, Buffer.from('s'.repeat(64)), { algorithms: [algorithm], currentDate });
        await app.get('/protected', `${token.slice(0, -40)}${'A'.repeat(40)}`).expect(401);
      }));
  }
});

describe('GET /.well-known/jwks.json', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_JWKS_MAX_AGE: '10m' } });
  });
  after(() => app.close());

  it('may be cached for the time that is set', async () => {
    const { headers } = await app.get('/.well-known/jwks.json').expect(200);
    expect(headers).to.include({
      'cache-control': 'public, max-age=600',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('responds with 304 to the current ETag', async () => {
    const etag = (await app.get('/.well-known/jwks.json').expect(200)).get('ETag') ?? '';
    const again = () => app.get('/.well-known/jwks.json').set('If-None-Match', etag);
    const unchanged = await again().expect(304);
    expect(unchanged.headers).to.include({ etag, 'cache-control': 'public, max-age=600' });
    await app.services.ring.rotate('access', serviceActor);
    const changed = await again().expect(200);
    expect(changed.body.keys).to.have.length(2);
    expect(changed.headers['etag']).not.to.equal(etag);
  });

  it('requires no token, and ignores any', async () => {
    await app.get('/.well-known/jwks.json', 'not a token').expect(200);
  });
});
