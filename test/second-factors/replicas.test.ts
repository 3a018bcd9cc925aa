import { expect } from 'chai';
import type { Test } from 'supertest';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { Authenticator } from '../support/authenticator.js';
import { beginLogin, computeCode, enrollTotp, type Enrolled } from '../support/second-factors.js';
import {
  addPasskey,
  getCreationOptions,
  getRequestOptions,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
  signLogin,
} from '../support/passkeys.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';

interface Person extends Enrolled {
  readonly id: string;
  readonly username: string;
}

describe('Second factors over two replicas', () => {
  let one: TestApp;
  let other: TestApp;
  let admin: string;
  let made = 0;
  before(async () => {
    one = await TestApp.start({
      database: 'postgres',
      settings: {
        ...passkeySettings,
        LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000',
        LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
        JWT_ACCESS_TOKEN_EXPIRES: '1d',
      },
    });
    other = await one.startReplica();
    ({ access_token: admin } = await one.login());
    await one.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
  });
  after(async () => {
    await other.close();
    await one.close();
  });

  async function newPerson(): Promise<Person> {
    const username = `person ${(made += 1)}`;
    const { body } = await one.post('/users', { username, password, roles: ['reader'] }, admin).expect(201);
    const { id } = body as { id: string };
    return { id, username, ...(await enrollTotp(one, await other.login(username, password))) };
  }
  const begin = ({ username }: Person, at = one): Promise<string> => beginLogin(at, username, password);
  const finish = (at: TestApp, loginToken: string, code = ''): Test =>
    at.post('/login/second-factor', { login_token: loginToken, code });
  const atEach = (index: number): TestApp => (index % 2 === 0 ? one : other);
  /** @returns how many of them were accepted, where all others were refused so. */
  const accepted = async (tests: readonly Test[], ...refused: readonly number[]): Promise<number> => {
    const statuses = (await Promise.all(tests)).map(({ status }) => status);
    const lost = statuses.filter((status) => status >= 300);
    expect(lost.filter((status) => !refused.includes(status))).to.deep.equal([]);
    return statuses.length - lost.length;
  };
  const addDevice = async (person: Person): Promise<Authenticator> => {
    const device = createAuthenticator();
    const { body } = await finish(one, await begin(person), person.recoveryCodes[9]).expect(200);
    await addPasskey(one, (body as TokenSet).access_token, device);
    return device;
  };

  it('complete at one a login that began at the other, with each kind of factor', async () => {
    const person = await newPerson();
    const device = await addDevice(person);
    await finish(other, await begin(person), computeCode(person.secret, one)).expect(200);
    await finish(other, await begin(person), person.recoveryCodes[0]).expect(200);
    const token = await begin(person);
    const credential = device.get(await getRequestOptions(one, { login_token: token }));
    const { body } = await logInWithPasskey(other, credential, { login_token: token }).expect(200);
    expect(readJwt((body as TokenSet).access_token).claims).to.include({ sub: person.id, acr: 'aal2' });
  });

  it('accept a code of an app once, whichever of them got it first', async () => {
    const person = await newPerson();
    const code = computeCode(person.secret, one);
    await finish(one, await begin(person), code).expect(200);
    await finish(other, await begin(person, other), code).expect(403);
    await finish(other, await begin(person), computeCode(person.secret, one, -1)).expect(403);
  });

  it('accept a code of an app once, in one of ten concurrent requests to both', async () => {
    const person = await newPerson();
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => begin(person, atEach(index))));
    const code = computeCode(person.secret, one);
    const tries = tokens.map((token, index) => finish(atEach(index + 1), token, code));
    expect(await accepted(tries, 403, 401)).to.equal(1);
  });

  it('accept a recovery code once, in one of ten concurrent requests to both', async () => {
    const person = await newPerson();
    const [code] = person.recoveryCodes;
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => begin(person, atEach(index))));
    const tries = tokens.map((token, index) => finish(atEach(index), token, code));
    expect(await accepted(tries, 403, 401)).to.equal(1);
    const { body } = await other.get(`/users/${person.id}/second-factors`, admin).expect(200);
    expect(body).to.include({ recovery_codes_left: 9 });
  });

  it('accept a login_token once, in one of ten concurrent requests to both', async () => {
    const person = await newPerson();
    const token = await begin(person);
    const statuses = (
      await Promise.all(person.recoveryCodes.map((code, index) => finish(atEach(index), token, code)))
    ).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(1);
    expect(statuses.filter((status) => status === 401)).to.have.length(9);
    const { body } = await one.get(`/users/${person.id}/second-factors`, admin).expect(200);
    expect(body).to.include({ recovery_codes_left: 9 });
  });

  it('count the five tries of a login_token together', async () => {
    const person = await newPerson();
    const token = await begin(person);
    for (let tries = 0; tries < 5; tries += 1) await finish(atEach(tries), token, '000000').expect(403);
    for (const at of [one, other]) await finish(at, token, computeCode(person.secret, one)).expect(401);
  });

  it('accept a passkey once for a challenge of the other one', async () => {
    const device = await addDevice(await newPerson());
    const credential = await signLogin(one, device);
    const tries = Array.from({ length: 6 }, (_, index) => logInWithPasskey(atEach(index + 1), credential));
    expect(await accepted(tries, 401)).to.equal(1);
  });

  it('add a passkey once for a challenge of the other one', async () => {
    const username = `person ${(made += 1)}`;
    await one.post('/users', { username, password }, admin).expect(201);
    const { access_token: token } = await one.login(username, password);
    const credential = createAuthenticator().create(await getCreationOptions(one, token));
    const tries = Array.from({ length: 4 }, (_, index) =>
      atEach(index + 1).post('/me/passkeys', { credential }, token),
    );
    expect(await accepted(tries, 422)).to.equal(1);
    const { body } = await other.get(`/users/${String(readJwt(token).claims['sub'])}/passkeys`, admin);
    expect((body as { items: unknown[] }).items).to.have.length(1);
  });

  it('confirm once an app that was set up at the other one', async () => {
    const username = `person ${(made += 1)}`;
    await one.post('/users', { username, password }, admin).expect(201);
    const { access_token: token } = await one.login(username, password);
    const { body } = await one.post('/me/second-factors/totp', undefined, token).expect(201);
    const code = computeCode((body as { secret: string }).secret, one);
    const tries = Array.from({ length: 4 }, (_, index) =>
      atEach(index + 1).post('/me/second-factors/totp/confirm', { code }, token),
    );
    expect(await accepted(tries, 404)).to.equal(1);
  });

  for (const [what, change, status] of [
    ['is disabled', (id: string) => other.patch(`/users/${id}`, { disabled: true }, admin), 401],
    [
      'gets another password',
      (id: string) => other.patch(`/users/${id}`, { password: 'a new one of ada' }, admin),
      401,
    ],
    ['has all sessions ended', (id: string) => other.delete(`/users/${id}/sessions`, admin), 401],
    ['is deleted', (id: string) => other.delete(`/users/${id}`, admin), 401],
    ['loses the factor', (id: string) => other.delete(`/users/${id}/second-factors/totp`, admin), 403],
  ] as const) {
    it(`begin no session where the account ${what} at the other one in between`, async () => {
      const person = await newPerson();
      const tokens = [await begin(person), await begin(person)] as const;
      expect((await change(person.id)).status).to.be.lessThan(300);
      await finish(one, tokens[0], computeCode(person.secret, one)).expect(status);
      await finish(one, tokens[1], person.recoveryCodes[0]).expect(status);
    });
  }

  it('give the rights of the second step, where they changed at the other one in between', async () => {
    const person = await newPerson();
    const token = await begin(person);
    await other.patch(`/users/${person.id}`, { roles: [] }, admin).expect(200);
    const { body } = await finish(one, token, computeCode(person.secret, one)).expect(200);
    expect(body).to.include({ scope: '' });
  });

  it('accept nothing of another account for a login_token', async () => {
    const [mine, theirs] = [await newPerson(), await newPerson()];
    const device = await addDevice(theirs);
    const token = await begin(mine);
    await finish(other, token, computeCode(theirs.secret, one)).expect(403);
    await finish(other, token, theirs.recoveryCodes[0]).expect(403);
    const credential = device.get(await getRequestOptions(one, { login_token: token }));
    await logInWithPasskey(other, credential, { login_token: token }).expect(403);
    // None of it is used up.
    await finish(other, await begin(theirs), theirs.recoveryCodes[0]).expect(200);
    await finish(other, token, computeCode(mine.secret, one)).expect(200);
  });

  it('accept a challenge only in the browser that requested it', async () => {
    const person = await newPerson();
    const device = await addDevice(person);
    const [mine, theirs] = [await begin(person), await begin(person)];
    const signed = device.get(await getRequestOptions(one, { login_token: theirs }));
    await logInWithPasskey(other, signed, { login_token: mine }).expect(403);
    await logInWithPasskey(other, signed).expect(401);
    const sessions = [];
    for (const code of person.recoveryCodes.slice(0, 2)) {
      sessions.push((await finish(one, await begin(person), code).expect(200)).body as TokenSet);
    }
    const asked = await getCreationOptions(one, sessions[0]?.access_token ?? '');
    const body = { credential: createAuthenticator().create(asked) };
    await other.post('/me/passkeys', body, sessions[1]?.access_token).expect(422);
  });
});
