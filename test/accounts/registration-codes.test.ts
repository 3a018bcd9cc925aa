import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { chooseOtherCode, readMessages } from '../support/registrations.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

for (const database of databaseKinds) {
  describe(`Guesses of codes of registrations on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          LATCHKEY_REGISTRATION: 'open',
          LATCHKEY_REGISTRATION_LIMIT: '0',
          LATCHKEY_REGISTRATIONS_PER_HOUR: '50',
        },
      });
    });
    after(() => app.close());

    async function register(email: string) {
      const { body } = await app.post('/register', { email, password }).expect(202);
      const [message] = await readMessages(app, email);
      return { ...(message ?? expect.fail()), registration_token: String(body.registration_token) };
    }

    it('are five for each message that was sent, and none for a code that nobody was sent', async () => {
      for (let messages = 0; messages < 8; messages += 1) await register('grace@example.com');
      const rows = await app.services.database.queries
        .selectFrom('latchkey_registrations')
        .select(['sent', 'tries_left'])
        .execute();
      expect(rows.map(({ sent, tries_left: tries }) => [sent, tries]).sort()).to.deep.equal([
        ...Array<number[]>(3).fill([0, 0]),
        ...Array<number[]>(5).fill([1, 5]),
      ]);
    });

    it('at many addresses leave the links alone in use, for a day', async () => {
      const verify = (proof: object) => app.post('/email/verify', proof);
      for (let address = 0; address < 5; address += 1) {
        const { code, registration_token } = await register(`ada.${address}@example.com`);
        await verify({ code: chooseOtherCode(code), registration_token }).expect(400);
      }
      const { code, token, registration_token } = await register('hedy@example.com');
      const { body } = await verify({ code, registration_token }).expect(429);
      expect(body).to.include({ code: 'too_many_requests' });
      expect(body.detail).to.include('Use the link');
      await verify({ token, registration_token }).expect(204);
      app.clock.advance(86_400);
      const later = await register('joan@example.com');
      await verify({ code: later.code, registration_token: later.registration_token }).expect(204);
    });
  });
}
