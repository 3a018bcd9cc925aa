import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { completeContract } from '../../src/contract/complete-contract.js';
import { collectPermissions, importPermission } from '../../src/http/security-requirements.js';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { createOwnOperation } from '../support/own-operations.js';
import { computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

const ownOperations = [
  createOwnOperation('plain', [{ bearer: [] }]),
  createOwnOperation('fresh', [{ bearer: ['fresh'] }]),
  createOwnOperation('fresh-5-minutes', [{ bearer: ['fresh:300'] }]),
  createOwnOperation('fresh-and-permitted', [{ bearer: ['fresh', 'own:read'] }]),
  createOwnOperation('permitted', [{ bearer: ['own:read', 'users:read'] }]),
  createOwnOperation('optional', [{ bearer: [] }, {}]),
  createOwnOperation('mfa', [{ bearer: ['mfa'] }]),
  createOwnOperation('mfa-5-minutes', [{ bearer: ['mfa:300', 'own:read'] }]),
  createOwnOperation('optional-fresh', [{}, { bearer: ['fresh'] }]),
];

describe('@Security("bearer", […])', () => {
  let app: TestApp;
  let tokens: TokenSet;
  before(async () => {
    app = await TestApp.start({ ownOperations });
  });
  beforeEach(async () => {
    tokens = await app.login();
  });
  after(() => app.close());

  const challenge = (maxAge: number): string =>
    `Bearer realm="latchkey", error="insufficient_user_authentication", error_description="${problemCodes.insufficient_user_authentication.detail}", max_age="${maxAge}"`;

  async function expectStepUp(path: string, token: string, maxAge: number): Promise<void> {
    const { body, headers } = await app.get(path, token).expect(401);
    expect(body).to.include({ code: 'insufficient_user_authentication' });
    expect(headers['www-authenticate']).to.equal(challenge(maxAge));
  }

  describe('with "fresh"', () => {
    it('accepts the token of a login, as long as it lives', async () => {
      app.clock.advance(899);
      await app.get('/own/fresh', tokens.access_token).expect(200);
    });

    it('challenges a refreshed one to a new login (RFC 9470 §3)', async () => {
      const { access_token: token } = await app.refresh(tokens.refresh_token);
      await app.get('/own/plain', token).expect(200);
      await expectStepUp('/own/fresh', token, 900);
    });

    it('accepts the token that a changed password gives', async () => {
      const password = 'the password of ada';
      await app.createUser('ada', password);
      const { refresh_token: refreshToken } = await app.login('ada', password);
      const { access_token: refreshed } = await app.refresh(refreshToken);
      const body = { current_password: password, new_password: 'the next one of ada' };
      const { body: changed } = await app.put('/me/password', body, refreshed).expect(200);
      await app.get('/own/fresh', changed.access_token as string).expect(200);
    });

    it('refuses a request without a token, or with an invalid one', async () => {
      expect((await app.get('/own/fresh').expect(401)).body).to.include({ code: 'authentication_required' });
      expect((await app.get('/own/fresh', 'x').expect(401)).body).to.include({ code: 'invalid_token' });
    });
  });

  describe('with "fresh:300"', () => {
    it('accepts the token of a login for 300 seconds', async () => {
      app.clock.advance(300);
      await app.get('/own/fresh-5-minutes', tokens.access_token).expect(200);
      app.clock.advance(1);
      await expectStepUp('/own/fresh-5-minutes', tokens.access_token, 300);
      await app.get('/own/fresh', tokens.access_token).expect(200);
    });

    it('refuses a refreshed token, however new', async () => {
      const { access_token: token } = await app.refresh(tokens.refresh_token);
      await expectStepUp('/own/fresh-5-minutes', token, 300);
    });
  });

  it('requires permissions beside freshness, each with its own refusal', async () => {
    const { body, headers } = await app.get('/own/fresh-and-permitted', tokens.access_token).expect(403);
    expect(body).to.include({ code: 'insufficient_scope' });
    expect(headers['www-authenticate']).to.match(/error="insufficient_scope", scope="own:read"$/);
    const { access_token: token } = await app.refresh(tokens.refresh_token);
    await expectStepUp('/own/fresh-and-permitted', token, 900);
  });

  it('requires every permission that it names', async () => {
    const { headers } = await app.get('/own/permitted', tokens.access_token).expect(403);
    expect(headers['www-authenticate']).to.match(/scope="own:read users:read"$/);
  });

  describe('with "mfa"', () => {
    const secondFactor = (maxAge = ''): string =>
      `Bearer realm="latchkey", error="insufficient_user_authentication", error_description="This operation needs a login with a second factor. Log in again with acr_values=aal2; set up a second factor first if the account has none.", acr_values="aal2"${maxAge}`;

    it('challenges a login without a second factor to one with it (RFC 9470 §3)', async () => {
      for (const [path, expected] of [
        ['/own/mfa', secondFactor()],
        ['/own/mfa-5-minutes', secondFactor(', max_age="300"')],
      ] as const) {
        const { body, headers } = await app.get(path, tokens.access_token).expect(401);
        expect(body).to.include({ code: 'insufficient_user_authentication' });
        expect(headers['www-authenticate']).to.equal(expected);
      }
    });

    it('accepts a session with one, and with an age only as long as the proof is not older', async () => {
      const password = 'the password of bea';
      await app.put('/roles/owner', { permissions: ['own:read'] }, tokens.access_token).expect(201);
      await app.createUser('bea', password, ['owner']);
      const { secret } = await enrollTotp(app, await app.login('bea', password));
      const { body } = await loginWithCode(app, 'bea', password, computeCode(secret, app));
      const login = body as TokenSet;
      await app.get('/own/mfa-5-minutes', login.access_token).expect(200);
      app.clock.advance(300);
      const { access_token: later, refresh_token: next } = await app.refresh(login.refresh_token);
      await app.get('/own/mfa-5-minutes', later).expect(200);
      app.clock.advance(1);
      const { access_token: last } = await app.refresh(next);
      await app.get('/own/mfa', last).expect(200);
      await app.get('/own/mfa-5-minutes', last).expect(401);
    });
  });

  it('does not list freshness among the permissions, and refuses a misspelled one', () => {
    expect(collectPermissions(ownOperations)).to.deep.equal(['own:read', 'users:read', importPermission]);
    for (const slip of ['fresh:5m', 'fresh:', 'fresh:-1', 'mfa:', 'mfa:5m'])
      expect(() => collectPermissions([createOwnOperation('x', [{ bearer: [slip] }])])).to.throw(`"${slip}"`);
  });

  describe('beside @Security({})', () => {
    it('accepts a request without a token, and one with a valid token', async () => {
      const anonymous = await app.get('/own/optional').expect(200);
      expect(anonymous.body).to.include({ subject: null });
      const { body: me } = await app.get('/me', tokens.access_token).expect(200);
      const known = await app.get('/own/optional', tokens.access_token).expect(200);
      expect(known.body).to.include({ subject: me.id as string });
    });

    it('refuses a token that is not valid', async () => {
      expect((await app.get('/own/optional', 'x').expect(401)).body).to.include({ code: 'invalid_token' });
      await app.post('/logout', undefined, tokens.access_token).expect(204);
      await app.get('/own/optional', tokens.access_token).expect(401);
    });

    it('checks the permissions of a token that is sent', async () => {
      await app.get('/own/optional-fresh').expect(200);
      await app.get('/own/optional-fresh', tokens.access_token).expect(200);
      const { access_token: token } = await app.refresh(tokens.refresh_token);
      await expectStepUp('/own/optional-fresh', token, 900);
    });
  });

  it('has its errors in the contract', () => {
    const response = { description: 'It went well.' };
    const operation = (name: string, security: Record<string, string[]>[]) => ({
      [`/${name}`]: {
        get: {
          operationId: name,
          summary: name,
          description: name,
          security,
          responses: { 204: { ...response } },
        },
      },
    });
    const document = completeContract({
      openapi: '3.0.3',
      info: {},
      components: { schemas: { ProblemDetails: { properties: {} } } },
      paths: {
        ...operation('public', []),
        ...operation('plain', [{ bearer: [] }]),
        ...operation('fresh', [{ bearer: ['fresh:60', 'reports:read'] }]),
        ...operation('optional', [{}, { bearer: [] }]),
        ...operation('optionalFresh', [{}, { bearer: ['fresh'] }]),
      },
    });
    const codes = (name: string, status: string): string[] =>
      Object.keys(
        document.paths[`/${name}`]?.['get']?.responses[status]?.content?.['application/problem+json']
          ?.examples ?? {},
      );
    expect(codes('public', '401')).to.deep.equal([]);
    expect(codes('plain', '401')).to.deep.equal(['authentication_required', 'invalid_token', 'csrf_failed']);
    expect(codes('fresh', '401')).to.include('insufficient_user_authentication');
    expect(codes('plain', '403')).to.deep.equal(['second_factor_enrollment_required']);
    expect(codes('fresh', '403')).to.include('insufficient_scope');
    expect(document.paths['/fresh']?.['get']?.responses['403']?.description).to.include('`reports:read`');
    expect(codes('optional', '401')).to.deep.equal(['invalid_token', 'csrf_failed']);
    expect(codes('optionalFresh', '401')).to.include('insufficient_user_authentication');
  });
});
