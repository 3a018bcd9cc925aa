import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { Me } from '../../src/users/users.models.js';
import { TestApp } from '../support/test-app.js';
import { encode, openKeyRing, readJwt, signJwt } from '../support/tokens.js';

describe('An access token', () => {
  let app: TestApp;
  let ring: KeyRing;
  let token: string;
  before(async () => {
    app = await TestApp.start();
    ring = openKeyRing(app);
  });
  beforeEach(async () => {
    ({ access_token: token } = await app.login());
  });
  after(() => app.close());

  /** The detail of the refusal. */
  async function refusal(refused: string): Promise<string> {
    const { body, headers } = await app.get('/protected', refused).expect(401);
    expect(body).to.include({ code: 'invalid_token' });
    expect(headers['www-authenticate']).to.equal(
      `Bearer realm="latchkey", error="invalid_token", error_description="${body.detail}"`,
    );
    return body.detail as string;
  }

  /** The valid token with another header or other claims, and a signature over them. */
  function altered({ header = {}, claims = {} }: { header?: object; claims?: object }): string {
    const valid = readJwt(token);
    return signJwt(ring, { header: { ...valid.header, ...header }, claims: { ...valid.claims, ...claims } });
  }

  describe('as issued', () => {
    it('has the header of RFC 9068 §2.1, and the id of its key', () => {
      expect(readJwt(token).header).to.deep.equal({ typ: 'at+jwt', alg: 'ES256', kid: ring.signingKey.id });
    });

    it('has the claims of RFC 9068 §2.2, and the session’s', async () => {
      const me = (await app.get('/me', token).expect(200)).body as Me;
      const now = app.clock.now() / 1000;
      const { claims } = readJwt(token);
      expect(claims).to.include({
        iss: 'http://latchkey.test',
        aud: 'http://latchkey.test',
        sub: me.id,
        exp: now + 900,
        iat: now,
        nbf: now,
        auth_time: now,
        sid: me.session_id,
        ver: 0,
        client_id: 'latchkey',
        scope: me.permissions.join(' '),
        fresh: true,
        preferred_username: 'admin',
      });
      expect(claims).not.to.have.property('token_use');
      expect(claims['roles']).to.deep.equal(['admin']);
      expect(claims['jti']).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    });

    it('has a unique id', async () => {
      const { access_token: other } = await app.login();
      expect(readJwt(other).claims['jti']).not.to.equal(readJwt(token).claims['jti']);
    });

    it('shows after a refresh when the password was verified, and that the token is not fresh', async () => {
      const { refresh_token: refreshToken } = await app.login();
      const provedAt = app.clock.now() / 1000;
      app.clock.advance(60);
      const { body } = await app.post('/refresh', { refresh_token: refreshToken }).expect(200);
      expect(readJwt(body.access_token as string).claims).to.include({
        iat: provedAt + 60,
        auth_time: provedAt,
        fresh: false,
      });
    });
  });

  it('is accepted if it is only signed again, so that the refusals below are due to their changes', async () => {
    await app.get('/protected', altered({})).expect(200);
  });

  it('is accepted with the other two spellings of its type (RFC 9068 §4)', async () => {
    for (const typ of ['application/at+jwt', 'AT+JWT'])
      await app.get('/protected', altered({ header: { typ } })).expect(200);
  });

  describe('is refused', () => {
    const seconds = (): number => app.clock.now() / 1000;

    for (const [what, change, detail] of [
      ['that has expired', () => ({ claims: { exp: seconds() } }), /has expired/],
      ['that is not valid yet', () => ({ claims: { nbf: seconds() + 1 } }), /not valid yet/],
      ['of another issuer', () => ({ claims: { iss: 'http://elsewhere.test' } }), /another service/],
      ['for another audience', () => ({ claims: { aud: 'http://elsewhere.test' } }), /another service/],
      ['of the type JWT', () => ({ header: { typ: 'JWT' } }), /not an access token/],
      ['of no type', () => ({ header: { typ: undefined } }), /not an access token/],
      ['of a type that is no text', () => ({ header: { typ: 1 } }), /not an access token/],
      ['with an unknown key id', () => ({ header: { kid: 'AAAAAAAAAAAA' } }), /not signed with a key/],
      ['with no key id', () => ({ header: { kid: undefined } }), /not signed with a key/],
      ['with the id of a refresh key', () => ({ header: { kid: ring.refreshKey.id } }), /not signed with/],
      ['that names another algorithm', () => ({ header: { alg: 'ES384' } }), /another algorithm/],
      ['with a critical extension', () => ({ header: { crit: ['b64'], b64: true } }), /an extension/],
      ...(['sub', 'jti', 'sid', 'scope', 'exp', 'iat', 'ver', 'auth_time', 'roles'] as const).map(
        (claim) => [`without ${claim}`, () => ({ claims: { [claim]: undefined } }), /lacks a claim/] as const,
      ),
    ] as const) {
      it(what, async () => {
        expect(await refusal(altered(change()))).to.match(detail);
      });
    }

    it('that is unsigned, with the algorithm "none"', async () => {
      const { header, claims } = readJwt(token);
      const content = encode({ header: { ...header, alg: 'none' }, claims });
      for (const signature of ['', token.split('.')[2] ?? ''])
        expect(await refusal(`${content}.${signature}`)).to.match(/another algorithm/);
    });

    it('that is signed with HS256 and the public key as the secret', async () => {
      const { header, claims } = readJwt(token);
      const content = encode({ header: { ...header, alg: 'HS256' }, claims });
      for (const format of ['pem', 'der'] as const) {
        const secret = ring.signingKey.publicKey.export({ type: 'spki', format } as {
          type: 'spki';
          format: 'pem';
        });
        const signature = createHmac('sha256', secret).update(content).digest('base64url');
        expect(await refusal(`${content}.${signature}`)).to.match(/another algorithm/);
      }
    });

    it('that is longer than any that is issued', async () => {
      expect(await refusal(altered({ claims: { roles: ['x'.repeat(8192)] } }))).to.match(/too long/);
    });

    it('with a part that is not JSON', async () => {
      const part = (text: string): string => Buffer.from(text).toString('base64url');
      const [header = ''] = token.split('.');
      for (const text of ['x', '{"alg": "ES256", "typ": "at+jwt"}']) {
        expect(await refusal(`${part(text)}.${part('{}')}.AA`)).to.equal(
          'The header of the access token is not one that this service writes.',
        );
      }
      expect(await refusal(`${header}.${part('x')}.AA`)).to.match(/is malformed/);
    });

    it('whose claims were changed without signing again', async () => {
      const { header, claims } = readJwt(token);
      const signature = token.split('.')[2] ?? '';
      const forged = `${encode({ header, claims: { ...claims, scope: 'users:write' } })}.${signature}`;
      expect(await refusal(forged)).to.match(/signature is wrong/);
    });

    it('whose signature is truncated, or of another length', async () => {
      const content = token.split('.').slice(0, 2).join('.');
      const signature = token.split('.')[2] ?? '';
      for (const other of ['', 'AA', signature.slice(0, -4), `${signature}AAAA`])
        expect(await refusal(`${content}.${other}`)).to.match(/signature is wrong/);
    });

    it('with any character changed', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(token.length - 2),
          fc.constantFrom('A', 'Z', 'a', 'z', '0', '_'),
          async (at, character) => {
            fc.pre(token[at] !== character);
            await refusal(token.slice(0, at) + character + token.slice(at + 1));
          },
        ),
        { numRuns: 100 },
      );
    });

    it('replaced by anything else', async () => {
      const text = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,60}=?$/);
      const json = fc.json().map((each) => Buffer.from(each).toString('base64url'));
      const threeParts = fc.tuple(json, json, json).map((parts) => parts.join('.'));
      await fc.assert(
        fc.asyncProperty(fc.oneof(text, threeParts), async (other) => {
          await refusal(other);
        }),
        { numRuns: 100 },
      );
    });
  });

  describe('in the Authorization header', () => {
    for (const [what, header] of [
      ['two spaces', 'Bearer  x'],
      ['nothing after the scheme', 'Bearer'],
      ['characters that no token has', 'Bearer a,b'],
      ['two tokens', 'Bearer a b'],
    ] as const) {
      it(`is malformed with ${what}`, async () => {
        const { body } = await app.get('/protected').set('Authorization', header).expect(401);
        expect(body).to.include({ code: 'invalid_token' });
      });
    }

    it('is accepted after a scheme in upper or lower case (RFC 9110 §11.1)', async () => {
      await app.get('/protected').set('Authorization', `bEARER ${token}`).expect(200);
    });
  });

  it('is accepted until it expires, and not a second longer', async () => {
    app.clock.advance(899);
    await app.get('/protected', token).expect(200);
    app.clock.advance(1);
    expect(await refusal(token)).to.equal('The access token has expired.');
  });

  it('is accepted for the leeway longer at both ends, if one is set', async () => {
    const lenient = await TestApp.start({ settings: { JWT_DECODE_LEEWAY: '30' } });
    try {
      const { access_token: issued } = await lenient.login();
      lenient.clock.advance(-30);
      await lenient.get('/protected', issued).expect(200);
      lenient.clock.advance(30 + 929);
      await lenient.get('/protected', issued).expect(200);
      lenient.clock.advance(1);
      await lenient.get('/protected', issued).expect(401);
    } finally {
      await lenient.close();
    }
  });

  it('lives as long as is set', async () => {
    const brief = await TestApp.start({ settings: { JWT_ACCESS_TOKEN_EXPIRES: '1m' } });
    try {
      const { access_token: issued, expires_in: seconds } = await brief.login();
      expect(seconds).to.equal(60);
      brief.clock.advance(60);
      await brief.get('/protected', issued).expect(401);
    } finally {
      await brief.close();
    }
  });

  it('is verified once, and cached as the same claims, which cannot be changed', () => {
    const { accessTokens } = app.services;
    const claims = accessTokens.verify(token);
    expect(accessTokens.verify(token)).to.equal(claims);
    expect(claims).to.be.frozen;
    expect(claims.roles).to.be.frozen;
  });

  it('is checked for its revocation each time, cached or not', async () => {
    await app.get('/protected', token).expect(200);
    await app.post('/logout', undefined, token).expect(204);
    expect(await refusal(token)).to.match(/revoked/);
  });
});
