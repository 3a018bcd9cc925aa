import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';
import { readJwt, signJwt } from '../support/tokens.js';

describe('The claims that settings decide', () => {
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

  it('aud: the one audience of JWT_ENCODE_AUDIENCE as text, which protected operations accept', async () => {
    expect(await start({ JWT_ENCODE_AUDIENCE: 'reports' })).to.include({ aud: 'reports' });
    await app.get('/protected', token).expect(200);
    await app.get('/protected', withAudience('http://latchkey.test')).expect(401);
  });

  it('aud: several as a list, each of which is accepted', async () => {
    const { aud } = await start({ JWT_ENCODE_AUDIENCE: 'reports, http://latchkey.test' });
    expect(aud).to.deep.equal(['reports', 'http://latchkey.test']);
    await app.get('/protected', token).expect(200);
    for (const each of ['reports', 'http://latchkey.test', ['other', 'reports']])
      await app.get('/protected', withAudience(each)).expect(200);
    await app.get('/protected', withAudience('other')).expect(401);
  });

  it('aud: others than those of JWT_DECODE_AUDIENCE are refused, ours among them', async () => {
    await start({ JWT_ENCODE_AUDIENCE: 'reports', JWT_DECODE_AUDIENCE: 'latchkey, billing' });
    const { body } = await app.get('/protected', token).expect(401);
    expect(body).to.include({ detail: 'The access token was issued for another service.' });
    await app.get('/protected', withAudience('billing')).expect(200);
    expect(app.services.accessTokens.verifyForAnyAudience(token).aud).to.equal('reports');
  });

  it('iss: tokens of an earlier issuer are accepted where JWT_DECODE_ISSUER names it', async () => {
    await start({});
    app = await app.restart({
      LATCHKEY_ISSUER: 'http://new.test',
      JWT_DECODE_AUDIENCE: 'http://latchkey.test',
    });
    await app.get('/protected', token).expect(401);
    app = await app.restart({ JWT_DECODE_ISSUER: 'http://latchkey.test' });
    await app.get('/protected', token).expect(200);
  });

  it('nbf: none with JWT_ENCODE_NBF=false', async () => {
    expect(await start({ JWT_ENCODE_NBF: 'false' })).not.to.have.property('nbf');
    await app.get('/protected', token).expect(200);
  });
});
