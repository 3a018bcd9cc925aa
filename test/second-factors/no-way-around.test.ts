import { expect } from 'chai';
import type { Response } from 'supertest';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import { createClient, toFormCredentials } from '../support/oauth-clients.js';
import { createOwnOperation } from '../support/own-operations.js';
import { beginLogin, computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';
import {
  appUrl,
  createPerson,
  flaskSecret,
  password,
  waysIn,
  type Outcome,
  type Person,
  type Scene,
  type Way,
} from './ways-in.js';

const ownOperations = [
  createOwnOperation('plain', [{ bearer: [] }]),
  createOwnOperation('permitted', [{ bearer: ['own:read'] }]),
  createOwnOperation('mfa', [{ bearer: ['mfa'] }]),
  createOwnOperation('mfa-recent', [{ bearer: ['mfa:300'] }]),
];

interface Policy {
  readonly title: string;
  readonly setting: string;
  readonly hasFactor: boolean;
}

const policies: readonly Policy[] = [
  { title: 'optional, for a user with a factor', setting: 'optional', hasFactor: true },
  { title: 'required, for a user with a factor', setting: 'required', hasFactor: true },
  { title: 'required, for a user without one', setting: 'required', hasFactor: false },
  {
    title: 'required for a permission that a user without a factor has',
    setting: 'required-for:own:read',
    hasFactor: false,
  },
];

/** Where all must have one, a session without it can do no more than set it up. */
function getExpected(way: Way, { setting, hasFactor }: Policy): Outcome {
  if (!hasFactor) return way.withoutFactor;
  return way.withFactor === 'aal1' && setting !== 'optional' ? 'enroll' : way.withFactor;
}

for (const database of databaseKinds) {
  describe(`Second factors on ${database}`, () => {
    let app: TestApp;
    let scene: Omit<Scene, 'app' | 'person'>;
    const persons = new Map<string, Person>();
    const keyOf = (policy: Policy, { title }: Pick<Way, 'title'>): string => `${policy.title}: ${title}`;
    const control = { title: 'control' };

    before(async () => {
      app = await TestApp.start({
        database,
        ownOperations,
        settings: {
          ...{ JWT_ACCESS_TOKEN_EXPIRES: '1d', JWT_TOKEN_LOCATION: 'headers,cookies' },
          ...{ JWT_SECRET_KEY: flaskSecret, JWT_DECODE_LEGACY: 'flask-jwt-extended' },
          ...{ JWT_DECODE_LEGACY_UNTIL: '2027-01-31', LATCHKEY_REMEMBERED_DEVICES: '30d' },
          ...{ LATCHKEY_APP_URL: appUrl, LATCHKEY_RECOVERY_LIMIT: '0', LATCHKEY_LOGIN_LINKS: 'true' },
          ...{ LATCHKEY_REGISTRATION: 'open', LATCHKEY_REGISTRATION_LIMIT: '0' },
          ...{ LATCHKEY_REGISTRATION_ROLES: 'reader' },
        },
      });
      const { access_token: admin } = await app.login();
      await app.put('/roles/reader', { permissions: ['own:read'] }, admin).expect(201);
      await app.put('/roles/auditor', { permissions: ['audit:read'] }, admin).expect(201);
      const client = toFormCredentials(await createClient(app, { scope: 'own:read' }));
      for (const policy of policies) {
        for (const way of [...waysIn, control]) {
          persons.set(keyOf(policy, way), await createPerson(app, admin, policy));
        }
      }
      const other = await createPerson(app, admin, { hasFactor: true });
      const second = {
        login_token: await beginLogin(app, other.username, password),
        code: computeCode(other.secret ?? '', app),
        remember_device: true,
      };
      const remembered = await app.post('/login/second-factor', second).expect(200);
      // The administrator acts under every policy, and may give what the role of the persons permits.
      const { sub } = readJwt(admin).claims;
      await app.patch(`/users/${String(sub)}`, { roles: ['admin', 'reader'] }, admin).expect(200);
      const { secret } = await enrollTotp(app, await app.login());
      const { body } = await loginWithCode(app, 'admin', 'the admin of the tests', computeCode(secret, app));
      const { access_token: proved } = body as TokenSet;
      scene = { admin: proved, client, otherDevice: formatCookies(readCookies(remembered)) };
      // No earlier login is a recent one.
      app.clock.advance(600);
    });
    after(() => app.close());

    function findPerson(policy: Policy, way: Pick<Way, 'title'>): Person {
      return persons.get(keyOf(policy, way)) ?? expect.fail();
    }

    /** What a token that has not passed by a second factor gives. */
    async function checkToken(token: string): Promise<Outcome> {
      const { claims } = readJwt(token);
      expect(claims).not.to.have.property('mfa_time');
      expect(claims['amr'] ?? []).not.to.include('mfa');
      expect(claims['acr'] ?? 'aal1').to.equal('aal1');
      const isEnrolling = claims['mfa_enroll'] === true;
      const code = isEnrolling ? 'second_factor_enrollment_required' : 'insufficient_user_authentication';
      for (const path of ['/own/mfa', '/own/mfa-recent', '/forward-auth?permission=mfa']) {
        const refused = await app.get(path, token).expect(isEnrolling ? 403 : 401);
        expect(refused.body, path).to.include({ code });
      }
      await app.get('/own/permitted', token).expect(isEnrolling ? 403 : 200);
      if (isEnrolling) expect(claims['scope']).to.equal('');
      if (claims['sid'] === undefined) return 'client';
      return isEnrolling ? 'enroll' : 'aal1';
    }

    async function findOutcome(response: Response): Promise<Outcome> {
      const body = response.body as Record<string, unknown>;
      const cookie = readCookies(response)['__Host-access_token_cookie']?.value;
      const token = (body['access_token'] as string | undefined) ?? cookie;
      if (token === undefined) {
        const code = String(body['code'] ?? body['error']);
        return code === 'second_factor_required' ? 'asked' : code;
      }
      const outcome = await checkToken(token);
      const refreshToken = body['refresh_token'] as string | undefined;
      if (refreshToken !== undefined) {
        app.clock.advance(60);
        expect(await checkToken((await app.refresh(refreshToken)).access_token)).to.equal(outcome);
      }
      return outcome;
    }

    for (const policy of policies) {
      describe(`under the policy ${policy.title},`, () => {
        before(async () => {
          app = await app.restart({ LATCHKEY_SECOND_FACTOR: policy.setting });
        });

        for (const way of waysIn) {
          it(`${way.title} does not bypass them`, async () => {
            const person = findPerson(policy, way);
            const response = await way.go({ ...scene, app, person });
            expect(await findOutcome(response)).to.equal(getExpected(way, policy));
          });
        }

        it('a login with one may do what requires one', async () => {
          const { username, secret } = findPerson(policy, control);
          let given = secret;
          if (given === undefined) {
            ({ secret: given } = await enrollTotp(app, await app.login(username, password)));
          }
          const { body } = await loginWithCode(app, username, password, computeCode(given, app));
          const { access_token: token } = body as TokenSet;
          for (const path of ['/own/mfa', '/own/mfa-recent', '/own/permitted']) {
            await app.get(path, token).expect(200);
          }
        });
      });
    }
  });
}
