import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';
import { readJwt, signJwt } from '../support/tokens.js';

describe('Claims that settings determine', () => {
  let app: TestApp;
  let token: string;
  const start = async (settings: Record<string, string>): Promise<Record<string, unknown>> => {
    app = await TestApp.start({ settings });
    ({ access_token: token } = await app.login());
    return readJwt(token).claims;
  };
  afterEach(() => app.close());
  const withAudience = (aud: unknown): string => {
    const { header, claims } = readJwt(token);
    return signJwt(app.services.ring, { header, claims: { ...claims, aud } });
  };

  it('aud: a single audience of JWT_ENCODE_AUDIENCE is a string, and is accepted', async () => {
    expect(await start({ JWT_ENCODE_AUDIENCE: 'reports' })).to.include({ aud: 'reports' });
    await app.get('/protected', token).expect(200);
    await app.get('/protected', withAudience('http://latchkey.test')).expect(401);
  });

  it('aud: several are an array, and each is accepted', async () => {
    const { aud } = await start({ JWT_ENCODE_AUDIENCE: 'reports, http://latchkey.test' });
    expect(aud).to.deep.equal(['reports', 'http://latchkey.test']);
    await app.get('/protected', token).expect(200);
    for (const each of ['reports', 'http://latchkey.test', ['other', 'reports']])
      await app.get('/protected', withAudience(each)).expect(200);
    await app.get('/protected', withAudience('other')).expect(401);
  });

  it('aud: audiences that are not in JWT_DECODE_AUDIENCE are refused, the issuer included', async () => {
    await start({ JWT_ENCODE_AUDIENCE: 'reports', JWT_DECODE_AUDIENCE: 'latchkey, billing' });
    const { body } = await app.get('/protected', token).expect(401);
    expect(body).to.include({ detail: 'The access token was issued for another service.' });
    await app.get('/protected', withAudience('billing')).expect(200);
    expect(app.services.accessTokens.verifyForAnyAudience(token).aud).to.equal('reports');
  });

  it('iss: tokens of an earlier issuer are accepted if JWT_DECODE_ISSUER has it', async () => {
    await start({});
    app = await app.restart({
      LATCHKEY_ISSUER: 'http://new.test',
      JWT_DECODE_AUDIENCE: 'http://latchkey.test',
    });
    await app.get('/protected', token).expect(401);
    app = await app.restart({ JWT_DECODE_ISSUER: 'http://latchkey.test' });
    await app.get('/protected', token).expect(200);
  });

  it('nbf: left out with JWT_ENCODE_NBF=false', async () => {
    expect(await start({ JWT_ENCODE_NBF: 'false' })).not.to.have.property('nbf');
    await app.get('/protected', token).expect(200);
  });
});
