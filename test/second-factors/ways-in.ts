import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import type { Response } from 'supertest';
import type { CookieSession, TokenSet } from '../../src/sessions/sessions.models.js';
import type { Form } from '../support/api-client.js';
import { formatCookies, readCookies, type SetCookie } from '../support/cookies.js';
import { listMessagesTo, findTokenIn } from '../support/messages.js';
import { enrollTotp } from '../support/second-factors.js';
import type { TestApp } from '../support/test-app.js';

export const password = 'the password of ada';
const next = 'another password of ada';
export const flaskSecret = 'the secret of the Flask application, of 32 bytes and more';
export const appUrl = 'https://app.example';
const day = 86_400;

/** Somebody who logged in before there was a second factor, or a policy that demands one. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  /** In the Flask application. */
  readonly foreignId: string;
  readonly tokens: TokenSet;
  readonly page: { readonly cookies: Record<string, SetCookie>; readonly session: CookieSession };
  /** Of the authenticator app; undefined: the person has none. */
  readonly secret: string | undefined;
}

let made = 0;

/** Makes a person. With a factor there is no session left in which it was proved. */
export async function createPerson(
  app: TestApp,
  admin: string,
  { hasFactor }: { readonly hasFactor: boolean },
): Promise<Person> {
  const foreignId = String((made += 1));
  const username = `person ${foreignId}`;
  const email = `person.${foreignId}@example.com`;
  const fields = { username, password, email, email_verified: true, roles: ['reader'] };
  const { body } = await app.post('/users', fields, admin).expect(201);
  const { id } = body as { id: string };
  await app.services.database.queries
    .insertInto('latchkey_foreign_ids')
    .values({
      ...{ source: 'flask', foreign_id: foreignId, user_id: id },
      ...{ email: null, email_verified: 0, imported_at: app.clock.now() },
    })
    .execute();
  const tokens = await app.login(username, password);
  const response = await app.post('/login/cookies', { username, password }).expect(200);
  const page = { cookies: readCookies(response), session: response.body as CookieSession };
  const person = { id, username, email, foreignId, tokens, page, secret: undefined };
  if (!hasFactor) return person;
  const enrolling = await app.login(username, password);
  const { secret } = await enrollTotp(app, enrolling);
  await app.post('/logout', {}, enrolling.access_token).expect(204);
  return { ...person, secret };
}

/** What a way is tried with. */
export interface Scene {
  readonly app: TestApp;
  /** An administrator's access token. */
  readonly admin: string;
  /** The cookie of a device that another account has remembered. */
  readonly otherDevice: string;
  /** What authenticates a client of OAuth. */
  readonly client: Form;
  readonly person: Person;
}

/**
 * What a way comes to. `aal1`: tokens of a login without a second factor. `enroll`: tokens that can only set one up. `asked`:
 * `second_factor_required`. `client`: tokens of a client, which is no user. Anything else is the code of an error.
 */
export type Outcome = 'aal1' | 'enroll' | 'asked' | 'client' | (string & {});

/** A way to tokens that does not pass by a second factor. */
export interface Way {
  readonly title: string;
  /** For a user with a factor, where the policy demands none of the others. */
  readonly withFactor: Outcome;
  /** For a user without one, where the policy demands one. */
  readonly withoutFactor: Outcome;
  readonly go: (scene: Scene) => Promise<Response>;
}

/** What comes of each login. */
const asLogin = { withFactor: 'asked', withoutFactor: 'enroll' } as const;
/** What becomes of an earlier session. */
const asSession = { withFactor: 'aal1', withoutFactor: 'enroll' } as const;

const login = ({ app, person }: Scene, given = password, more: object = {}, cookie = '') =>
  app.post('/login', { username: person.username, password: given, ...more }).set('Cookie', cookie);

const change = ({ app, admin, person }: Scene, body: object) =>
  app.patch(`/users/${person.id}`, body, admin).expect(200);

const refresh = ({ app, person }: Scene) =>
  app.post('/refresh', { refresh_token: person.tokens.refresh_token });

/** A new way of logging in gets its row here. */
export const waysIn: readonly Way[] = [
  { title: 'a login', ...asLogin, go: (scene) => login(scene) },
  {
    title: 'a login by the verified address',
    ...asLogin,
    go: ({ app, person }) => app.post('/login', { username: person.email, password }),
  },
  {
    title: 'a login that asks for less',
    ...asLogin,
    go: (scene) => login(scene, password, { acr_values: 'aal1' }),
  },
  {
    title: 'a login with cookies',
    ...asLogin,
    go: ({ app, person }) => app.post('/login/cookies', { username: person.username, password }),
  },
  { title: 'a refresh of an earlier session', ...asSession, go: (scene) => refresh(scene) },
  {
    title: 'a refresh with cookies of an earlier session',
    ...asSession,
    go: ({ app, person: { page } }) =>
      app
        .post('/refresh/cookies')
        .set('Cookie', formatCookies(page.cookies))
        .set('X-CSRF-TOKEN', page.session.refresh_csrf_token),
  },
  {
    title: 'the refresh token grant of OAuth, in an earlier session',
    ...asSession,
    go: ({ app, person }) => {
      const form = { grant_type: 'refresh_token', refresh_token: person.tokens.refresh_token };
      return app.postForm('/oauth/token', form);
    },
  },
  {
    title: 'the password grant of OAuth',
    withFactor: 'unsupported_grant_type',
    withoutFactor: 'unsupported_grant_type',
    go: ({ app, person: { username } }) =>
      app.postForm('/oauth/token', { grant_type: 'password', username, password }),
  },
  {
    title: 'a new password in an earlier session',
    ...asSession,
    go: ({ app, person }) => {
      const body = { current_password: password, new_password: next };
      return app.put('/me/password', body, person.tokens.access_token);
    },
  },
  {
    title: 'a password reset, and the login after it',
    ...asLogin,
    go: async (scene) => {
      const { app, person } = scene;
      await app.post('/password/forgot', { email: person.email }).expect(204);
      const token = await findTokenIn(app, person.email, 'password_reset');
      const { body } = await app.post('/password/reset', { token, new_password: next }).expect(204);
      expect(body).to.deep.equal({});
      return login(scene, next);
    },
  },
  {
    title: 'a password that an administrator sets',
    ...asLogin,
    go: async (scene) => {
      await change(scene, { password: next });
      return login(scene, next);
    },
  },
  {
    title: 'a one-time password',
    ...asLogin,
    go: async (scene) => {
      await change(scene, { password: next, one_time: true });
      return login(scene, next);
    },
  },
  {
    title: 'a one-time password, and the one that its user chooses then',
    ...asLogin,
    go: async (scene) => {
      await change(scene, { password: next, one_time: true });
      const first = await login(scene, next);
      if (first.status !== 200) return first;
      const body = { current_password: next, new_password: password };
      return scene.app.put('/me/password', body, (first.body as TokenSet).access_token);
    },
  },
  {
    title: 'other roles from an administrator, in an earlier session',
    ...asSession,
    go: async (scene) => {
      await change(scene, { roles: ['reader', 'auditor'] });
      return refresh(scene);
    },
  },
  {
    title: 'an account that an administrator disables and enables',
    ...asLogin,
    go: async (scene) => {
      await change(scene, { disabled: true });
      await change(scene, { disabled: false });
      await refresh(scene).expect(401);
      return login(scene);
    },
  },
  {
    title: 'an address that is verified in an earlier session',
    ...asSession,
    go: async (scene) => {
      const { app, person } = scene;
      const email = `new.${person.email}`;
      await change(scene, { email });
      const { access_token: token } = person.tokens;
      await app.post('/email/verification', {}, token).expect(204);
      const proof = { token: await findTokenIn(app, email, 'address_verification') };
      await app.post('/email/verify', proof, token).expect(204);
      return refresh(scene);
    },
  },
  {
    title: 'another address of the account, in an earlier session',
    withFactor: 'insufficient_user_authentication',
    withoutFactor: 'insufficient_user_authentication',
    go: ({ app, person }) => {
      const body = { email: `other.${person.email}` };
      return app.put('/me/email', body, person.tokens.access_token);
    },
  },
  {
    title: 'a login link',
    ...asLogin,
    go: async ({ app, person }) => {
      const { body } = await app.post('/login/link', { email: person.email }).expect(202);
      const { request_token } = body as { request_token: string };
      const token = await findTokenIn(app, person.email, 'login_link');
      return app.post('/login/link/accept', { token, request_token });
    },
  },
  {
    title: 'a login link, with cookies',
    ...asLogin,
    go: async ({ app, person }) => {
      const { body } = await app.post('/login/link', { email: person.email }).expect(202);
      const { request_token } = body as { request_token: string };
      const token = await findTokenIn(app, person.email, 'login_link');
      return app.post('/login/link/accept/cookies', { token, request_token });
    },
  },
  {
    title: 'the reset that follows "This was not me", and the login after it',
    ...asLogin,
    go: async (scene) => {
      const { app, person } = scene;
      const change = { current_password: password, new_password: next };
      await app.put('/me/password', change, person.tokens.access_token).expect(200);
      const proof = { token: await findTokenIn(app, person.email, 'password_changed') };
      const { body } = await app.post('/account/secure', proof).expect(200);
      const { reset_token: token } = body as { reset_token: string };
      await app.post('/password/reset', { token, new_password: password }).expect(204);
      return login(scene);
    },
  },
  {
    title: 'an invitation that is accepted in the name of the account',
    withFactor: 'username_taken',
    withoutFactor: 'username_taken',
    go: (scene) => acceptInvitation(scene, scene.person.username),
  },
  {
    title: 'an invitation, and the login of its new account',
    // The new account has no factor, and nothing of the other one.
    withFactor: 'aal1',
    withoutFactor: 'enroll',
    go: async (scene) => {
      const username = `invited ${scene.person.username}`;
      await acceptInvitation(scene, username).then(({ status }) => {
        expect(status).to.equal(201);
      });
      return scene.app.post('/login', { username, password });
    },
  },
  {
    title: 'a registration with the address of the account',
    // Its owner is told so: nothing is verified that way, and the password is still the earlier one.
    ...asLogin,
    go: async ({ app, person: { email } }) => {
      const fields = { email, password: next };
      const { body } = await app.post('/register', fields).expect(202);
      const { registration_token } = body as { registration_token: string };
      const [message] = await listMessagesTo(app, email);
      expect(message?.template).to.equal('address_known');
      await app.post('/email/verify', { code: '000000', registration_token }).expect(400);
      await app.post('/login', { username: email, password: next }).expect(401);
      return app.post('/login', { username: email, password });
    },
  },
  {
    title: 'a registration, and the login of its new account',
    // As after an invitation.
    withFactor: 'aal1',
    withoutFactor: 'enroll',
    go: async ({ app, person }) => {
      const fields = { email: `registered.${person.email}`, password };
      const { body } = await app.post('/register', fields).expect(202);
      const { registration_token } = body as { registration_token: string };
      const token = await findTokenIn(app, fields.email, 'registration');
      await app.post('/email/verify', { token, registration_token }).expect(204);
      return app.post('/login', { username: fields.email, password });
    },
  },
  {
    title: 'an access token of a Flask application',
    withFactor: 'invalid_token',
    withoutFactor: 'invalid_token',
    go: ({ app, person }) => app.get('/own/plain', signFlaskToken(app, person, 'access')),
  },
  {
    title: 'a refresh token of a Flask application',
    withFactor: 'invalid_refresh_token',
    withoutFactor: 'enroll',
    go: ({ app, person }) => app.post('/refresh', { refresh_token: signFlaskToken(app, person, 'refresh') }),
  },
  {
    title: 'the cookie of a device that another account has remembered',
    ...asLogin,
    go: (scene) => login(scene, password, {}, scene.otherDevice),
  },
  {
    title: 'a second factor that is set up in an earlier session',
    withFactor: 'insufficient_user_authentication',
    withoutFactor: 'insufficient_user_authentication',
    go: async (scene) => {
      const { access_token: token } = (await refresh(scene).expect(200)).body as TokenSet;
      return scene.app.post('/me/second-factors/totp', undefined, token);
    },
  },
  {
    title: 'a client of OAuth',
    withFactor: 'client',
    withoutFactor: 'client',
    go: ({ app, client }) => app.postForm('/oauth/token', { grant_type: 'client_credentials', ...client }),
  },
];

async function acceptInvitation({ app, admin, person }: Scene, username: string): Promise<Response> {
  const email = `invited.${person.email}`;
  await app.post('/invitations', { email, roles: ['reader'] }, admin).expect(201);
  const token = await findTokenIn(app, email, 'invitation');
  return app.post('/invitations/accept', { token, username, password });
}

function signFlaskToken({ clock }: TestApp, { foreignId }: Person, type: 'access' | 'refresh'): string {
  const now = Math.floor(clock.now() / 1000);
  const claims = {
    fresh: false,
    iat: now,
    nbf: now,
    exp: now + day,
    jti: randomUUID(),
    type,
    sub: foreignId,
  };
  return jwt.sign(claims, flaskSecret, { algorithm: 'HS256' });
}
