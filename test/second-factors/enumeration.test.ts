import { expect } from 'chai';
import type { Response } from 'supertest';
import { databaseKinds } from '../support/databases.js';
import { beginLogin, computeCode, enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { recordWork } from '../support/work.js';

const password = 'the password of ada';
const settings = {
  LATCHKEY_TRUSTED_PROXIES: 'loopback',
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
};

/** Everything that the caller sees of a response, but for what is random and of the same form. */
function toSeen({ status, body, headers }: Response): object {
  const { request_id: bodyId, ...rest } = body as Record<string, unknown>;
  const { date, 'x-request-id': requestId, etag, ...others } = headers as Record<string, string>;
  const forms = [date, requestId, etag, String(bodyId)].map(
    (text) => text?.replaceAll(/[A-Za-z0-9]/g, 'x').length,
  );
  return { status, rest, forms, names: Object.keys(headers), others };
}

for (const database of databaseKinds) {
  describe(`A guesser at logins with second factors on ${database}`, () => {
    let app: TestApp;
    let secret: string;
    let recoveryCodes: readonly string[];
    before(async () => {
      app = await TestApp.start({ database, settings });
      const { access_token: admin } = await app.login();
      for (const username of ['plain', 'factor', 'disabled']) {
        const details = { email: `${username}@example.com`, email_verified: true };
        await app.post('/users', { username, password, ...details }, admin).expect(201);
      }
      ({ secret, recoveryCodes } = await enrollTotp(app, await app.login('factor', password)));
      await enrollTotp(app, await app.login('disabled', password));
      const { id } = await app.services.database.queries
        .selectFrom('users')
        .select('id')
        .where('username', '=', 'disabled')
        .executeTakeFirstOrThrow();
      await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
    });
    after(() => app.close());

    const countMessages = async (): Promise<number> => {
      const { outbox, database: opened } = app.services;
      return (await outbox.list(opened.queries, { limit: 500 })).length;
    };

    /** What a request does: what is seen, the work in its order, and how many messages are sent. */
    async function observe(send: () => PromiseLike<Response>): Promise<object> {
      const before = await countMessages();
      let response: Response | undefined;
      const work = await recordWork(async () => {
        response = await send();
      });
      const messages = (await countMessages()) - before;
      return { seen: response && toSeen(response), work, messages };
    }

    it('does not learn from a wrong password whether there is a second factor, or an account', async () => {
      const cases = [
        ['nobody', 'a wrong one'],
        ['plain', 'a wrong one'],
        ['factor', 'a wrong one'],
        ['factor@example.com', 'a wrong one'],
        ['disabled', 'a wrong one'],
        ['disabled', password],
      ] as const;
      const observed: object[] = [];
      // The first ones prepare their statements.
      for (let round = 0; round < 3; round += 1) {
        observed.length = 0;
        for (const [username, given] of cases) {
          await app.services.database.queries.deleteFrom('login_attempts').execute();
          // From where none of them has logged in: elsewhere failures are counted for account and network together.
          const send = () =>
            app.post('/login', { username, password: given }).set('X-Forwarded-For', '192.0.2.77');
          observed.push(await observe(send));
        }
      }
      const [first] = observed;
      expect(first).to.deep.nested.include({ 'seen.status': 401, messages: 0 });
      for (const [index, each] of observed.entries()) expect(each, cases[index]?.join()).to.deep.equal(first);
    });

    it('does not learn from a wrong code how it is wrong', async () => {
      app.clock.advance(60);
      const used = computeCode(secret, app);
      const first = { login_token: await beginLogin(app, 'factor', password), code: used };
      await app.post('/login/second-factor', first).expect(200);
      const [usedRecoveryCode = ''] = recoveryCodes;
      const second = { login_token: await beginLogin(app, 'factor', password), code: usedRecoveryCode };
      await app.post('/login/second-factor', second).expect(200);
      const wrong = used === '000000' ? '000001' : '000000';
      for (const pair of [
        [wrong, used],
        ['k7q2mf-x0d4st-9b3npa-w8r5ze', usedRecoveryCode],
      ] as const) {
        const observed: object[] = [];
        for (let round = 0; round < 3; round += 1) {
          observed.length = 0;
          for (const code of pair) {
            await app.services.database.queries.deleteFrom('login_attempts').execute();
            const body = { login_token: await beginLogin(app, 'factor', password), code };
            observed.push(await observe(() => app.post('/login/second-factor', body)));
          }
        }
        expect(observed[0]).to.deep.nested.include({ 'seen.status': 403, messages: 0 });
        expect(observed[1], pair.join()).to.deep.equal(observed[0]);
      }
    });

    it('learns that a password is right from the demand for the factor, and causes no message', async () => {
      const before = await countMessages();
      const { body, headers } = await app.post('/login', { username: 'factor', password }).expect(401);
      expect(body).to.include({ code: 'second_factor_required' });
      const refused = await app.post('/login', { username: 'factor', password: 'a wrong one' }).expect(401);
      expect(Object.keys(refused.headers)).to.deep.equal(Object.keys(headers));
      expect(await countMessages()).to.equal(before);
    });
  });
}
