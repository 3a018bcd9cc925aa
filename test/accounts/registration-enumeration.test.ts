import { expect } from 'chai';
import type { Response } from 'supertest';
import type { RegistrationResult } from '../../src/accounts/registration.models.js';
import { databaseKinds } from '../support/databases.js';
import { chooseOtherCode, readMessages } from '../support/registrations.js';
import { TestApp } from '../support/test-app.js';
import { recordWork } from '../support/work.js';

const password = 'correct horse battery';

/** Everything that the caller sees of a response, but for what is random and of the same form. */
function toSeen({ status, body, headers }: Response): object {
  const { registration_token: token, ...rest } = body as RegistrationResult;
  const { date, 'x-request-id': requestId, etag, ...others } = headers as Record<string, string>;
  const forms = [date, requestId, etag, token].map((text) => text?.replaceAll(/[A-Za-z0-9]/g, 'x').length);
  return { status, rest, forms, names: Object.keys(headers), others };
}

for (const database of databaseKinds) {
  describe(`A person who registers on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { LATCHKEY_REGISTRATION: 'open', LATCHKEY_REGISTRATION_LIMIT: '0' },
      });
      admin = (await app.login()).access_token;
      for (const [username, details] of [
        ['known', { email: 'known@example.com', email_verified: true, language: 'de' }],
        ['disabled', { email: 'disabled@example.com', email_verified: true }],
        ['unproved', { email: 'unproved@example.com' }],
        ['named@example.com', {}],
      ] as const) {
        const { body } = await app.post('/users', { username, password, ...details }, admin).expect(201);
        if (username === 'disabled')
          await app.patch(`/users/${body.id}`, { disabled: true }, admin).expect(200);
      }
      // What the first registration does alone is of no account.
      await register('first@example.com');
    });
    after(() => app.close());

    const register = (email: string) => app.post('/register', { email, password, username: 'newcomer' });
    const addresses = ['unknown@example.net', 'known', 'disabled', 'unproved', 'named', 'full'].map((each) =>
      each.includes('@') ? each : `${each}@example.com`,
    );

    async function countRows(): Promise<Record<string, number>> {
      const { queries } = app.services.database;
      const counts: Record<string, number> = {};
      for (const table of ['latchkey_outbox', 'latchkey_registrations', 'audit', 'users'] as const) {
        const { rows } = await queries
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('rows'))
          .executeTakeFirstOrThrow();
        counts[table] = rows;
      }
      return counts;
    }

    /** What a request does: what is seen, the work in its order, and the rows that it adds. */
    async function observe(send: () => PromiseLike<Response>): Promise<object> {
      const before = await countRows();
      let response: Response | undefined;
      const work = await recordWork(async () => {
        response = await send();
      });
      const after = await countRows();
      const added = Object.entries(after).map(([table, rows]) => [table, rows - (before[table] ?? 0)]);
      return { seen: response && toSeen(response), work, added };
    }

    it('does not learn whether an account has the address: not by the response, nor the work, nor the rows', async () => {
      for (let count = 0; count < 5; count += 1) await register('full@example.com').expect(202);
      const observed = [];
      for (const address of addresses) observed.push(await observe(() => register(address)));
      for (const [index, each] of observed.entries())
        expect(each, addresses[index]).to.deep.equal(observed[0]);
      expect(observed[0]).to.have.nested.property('seen.status', 202);
      expect(observed[0])
        .to.have.property('added')
        .that.deep.equals([
          ['latchkey_outbox', 1],
          ['latchkey_registrations', 1],
          ['audit', 1],
          ['users', 0],
        ]);
    });

    it('gets a message in each case; the owner of an address gets one that says what happened, in their language', async () => {
      const templates = [];
      for (const address of addresses) {
        const [first, ...others] = await readMessages(app, address);
        templates.push(first?.template);
        expect(others, address).to.have.length(address.startsWith('full') ? 4 : 0);
      }
      const [made, known] = ['registration', 'address_known'];
      expect(templates).to.deep.equal([made, known, known, made, known, made]);
      const [told] = await readMessages(app, 'known@example.com');
      expect(told?.text)
        .to.match(/\/forgot-password$/m)
        .and.to.include('Passwort');
      expect(told?.token).to.equal('');
      const rows = await app.audited('registration_requested');
      const targets = rows.flatMap(({ target_name: name }) => (name === null ? [] : [name]));
      expect(targets).to.have.members(['known', 'disabled', 'named@example.com']);
      expect(rows.filter(({ details }) => details === '{"sent":false}')).to.have.length(1);
    });

    it('does not learn it by another message, nor by a wrong code', async () => {
      const tokens = [];
      for (const address of addresses) {
        const { body } = await register(address).expect(202);
        tokens.push((body as RegistrationResult).registration_token ?? '');
      }
      const again = [];
      const wrong = [];
      for (const [index, registration_token] of tokens.entries()) {
        const [message] = await readMessages(app, addresses[index] ?? '');
        again.push(await observe(() => app.post('/email/verification', { registration_token })));
        const code = chooseOtherCode(message?.code ?? '');
        wrong.push(await observe(() => app.post('/email/verify', { code, registration_token })));
      }
      for (const [index, address] of addresses.entries()) {
        expect(again[index], address).to.deep.equal(again[0]);
        expect(wrong[index], address).to.deep.equal(wrong[0]);
      }
      expect(again[0]).to.have.nested.property('seen.status', 204);
      expect(wrong[0]).to.have.nested.property('seen.status', 400);
    });

    it('cannot do anything with the token of a registration whose address has an account', async () => {
      const { body } = await register('known@example.com').expect(202);
      const { registration_token } = body as RegistrationResult;
      const { queries } = app.services.database;
      const rows = await queries
        .selectFrom('latchkey_registrations')
        .select('password_hash')
        .where('email_key', '=', 'known@example.com')
        .execute();
      expect(rows.every(({ password_hash: hash }) => hash === null)).to.equal(true);
      const codes = await Promise.all(
        ['000000', '111111'].map((code) => app.post('/email/verify', { code, registration_token })),
      );
      expect(codes.map(({ status }) => status)).to.deep.equal([400, 400]);
    });
  });

  describe(`A person who registers without an address on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          LATCHKEY_REGISTRATION: 'open',
          LATCHKEY_REGISTRATION_EMAIL: 'optional',
          LATCHKEY_REGISTRATION_LIMIT: '0',
          LATCHKEY_REGISTRATIONS_PER_HOUR: '3',
        },
      });
    });
    after(() => app.close());

    it('has an account at once, and cannot have a name that is taken; one of two concurrent requests gets it', async () => {
      const { body } = await app.post('/register', { username: 'Grace', password }).expect(201);
      expect(body).to.deep.equal({ username: 'Grace' });
      const { access_token: token } = await app.login('grace', password);
      const { body: me } = await app.get('/me', token).expect(200);
      expect(me.roles).to.deep.equal([]);
      await app.post('/register', { username: 'grace', password }).expect(409);
      await app.post('/register', { password }).expect(422);
      const responses = await Promise.all([
        app.post('/register', { username: 'racer', password }),
        app.post('/register', { username: 'Racer', password }),
      ]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
      const [row] = (await app.audited('user_registered')).filter(({ target }) => target === me.id);
      expect(JSON.parse(row?.details ?? '')).to.deep.equal({ email_verified: false });
    });

    it('counts for the limit of all registrations', async () => {
      await app.post('/register', { username: 'third', password }).expect(201);
      await app.post('/register', { username: 'fourth', password }).expect(503);
      app.clock.advance(3600);
      await app.post('/register', { username: 'fourth', password }).expect(201);
    });
  });
}
