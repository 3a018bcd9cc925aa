import { hash } from '@node-rs/argon2';
import { expect } from 'chai';
import fc from 'fast-check';
import { toUsernameKey } from '../../src/usernames/username.js';
import { computeSkeletonKey } from '../../src/usernames/username-scripts.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { addUser } from '../support/records.js';
import { TestApp } from '../support/test-app.js';

const password = 'a long password of the tests';

/** Any UTF-16 string, well-formed or not, and names that people might choose. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 30,
  }),
  fc.string({
    unit: fc.constantFrom(...Array.from('aаοo01lIіmnrn -.@\u200b\u00a0\u202eéЕ山김')),
    minLength: 1,
    maxLength: 8,
  }),
);

/** Two hundred characters that NFKC turns into thousands, and that do not compress well. */
const longWhenTakenApart = fc.string({
  unit: fc.integer({ min: 0x3300, max: 0x3357 }).map((point) => String.fromCharCode(point)),
  minLength: 200,
  maxLength: 200,
});

for (const database of databaseKinds) {
  describe(`Usernames on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database });
      ({ access_token: admin } = await app.login());
    });
    after(() => app.close());

    const create = (username: string) => app.post('/users', { username, password }, admin);

    it('that RFC 8265 does not allow are refused, by their field', async () => {
      for (const username of [
        'a\u200bda',
        'a\u202eda',
        'a\u0085da',
        'ada\u3164',
        'ﬁne',
        '\u{1d4c9}aken',
        'a  b',
      ]) {
        const { body } = await create(username).expect(422);
        expect(body.errors).to.have.all.keys('username');
      }
    });

    it('of scripts that are not written together are refused', async () => {
      const { body } = await create('p\u0430ypal').expect(422);
      expect(body.errors.username).to.include('one script');
    });

    it('that look like another user’s are refused, for a new account and for a new name', async () => {
      await create('scope').expect(201);
      for (const username of ['ѕсоре', 'SC0PE']) {
        const { body } = await create(username).expect(409);
        expect(body).to.include({ code: 'username_taken' });
        expect(body.detail).to.include('looks like');
      }
      const other = (await create('other').expect(201)).body as User;
      const { body } = await app.patch(`/users/${other.id}`, { username: 'ѕсоре' }, admin).expect(409);
      expect(body.detail).to.include('looks like');
      const { body: taken } = await app.patch(`/users/${other.id}`, { username: 'Scope' }, admin).expect(409);
      expect(taken.detail).to.include('Another user has this name');
    });

    it('may be changed by their user to another spelling, and are free again once they are given up', async () => {
      const user = (await create('renamed').expect(201)).body as User;
      await app.patch(`/users/${user.id}`, { username: 'Renamed' }, admin).expect(200);
      await app.patch(`/users/${user.id}`, { username: 'quite another' }, admin).expect(200);
      await create('rena\u217fed').expect(422);
      await create('renarned').expect(201);
      await create('renamed').expect(409);
    });

    it('that are older than the rules keep working', async () => {
      const { queries } = app.services.database;
      const password_hash = await hash(password, { memoryCost: 8, timeCost: 1, parallelism: 1 });
      for (const username of [
        'p\u0430ypal',
        'a\u200bb',
        'two  spaces',
        '\u{1d4d0}\u{1d4d1}',
        'e\u202ev\u202di',
      ]) {
        const user = await addUser(queries, { username, password_hash });
        await app.login(username, password);
        await app.patch(`/users/${user.id}`, { username, disabled: true }, admin).expect(200);
        const { body } = await app.patch(`/users/${user.id}`, { disabled: false }, admin).expect(200);
        expect(body.username).to.equal(username);
        await app.login(username, password);
        const { errors } = (
          await app.patch(`/users/${user.id}`, { username: `${username}\u200b` }, admin).expect(422)
        ).body;
        expect(errors).to.have.all.keys('username');
      }
    });

    it('that are accepted are returned unchanged, and no two share a key or a skeleton', async () => {
      const accepted = new Map<string, string>();
      const users = new Map<string, string>();
      await fc.assert(
        fc.asyncProperty(anyText, async (username) => {
          const { status, body } = await create(username);
          expect(status).to.be.oneOf([201, 409, 422]);
          if (status !== 201) return;
          expect(body.username).to.equal(username);
          for (const shared of [toUsernameKey(username), computeSkeletonKey(username)]) {
            expect(accepted.get(shared), `${JSON.stringify(username)} beside`).to.be.oneOf([
              undefined,
              username,
            ]);
            accepted.set(shared, username);
          }
          users.set(body.id as string, username);
        }),
        { numRuns: 300 },
      );
      for (const [id, username] of users) {
        expect((await app.get(`/users/${id}`, admin)).body.username).to.equal(username);
        await app.login(username, password);
      }
    });

    it('of any text get a regular response at login', async () => {
      const text = fc.oneof(anyText, longWhenTakenApart);
      await fc.assert(
        fc.asyncProperty(text, anyText, async (username, given) => {
          const { status } = await app.post('/login', { username, password: given });
          expect(status).to.be.oneOf([401, 422, 429]);
        }),
        { numRuns: 200 },
      );
    });
  });

  describe(`LATCHKEY_USERNAMES on ${database}`, () => {
    let app: TestApp;
    afterEach(() => app.close());

    it('precis accepts names that look like others, and no other characters', async () => {
      app = await TestApp.start({ database, settings: { LATCHKEY_USERNAMES: 'precis' } });
      const { access_token: admin } = await app.login();
      for (const username of ['scope', 'ѕсоре', 'SC0PE', 'p\u0430ypal']) {
        await app.post('/users', { username, password }, admin).expect(201);
        await app.login(username, password);
      }
      await app.post('/users', { username: 'sc\u200bope', password }, admin).expect(422);
      const { body } = await app.post('/users', { username: 'x', password }, admin).expect(201);
      await app.patch(`/users/${body.id}`, { username: 'sc0pe' }, admin).expect(409);
      await app.patch(`/users/${body.id}`, { username: 'scορе' }, admin).expect(200);
      app = await app.restart({ LATCHKEY_USERNAMES: 'distinct' });
      await app.login('ѕсоре', password);
      const again = await app.login();
      await app.post('/users', { username: 'sсоре', password }, again.access_token).expect(422);
    });

    it('any accepts every name that was ever accepted', async () => {
      app = await TestApp.start({ database, settings: { LATCHKEY_USERNAMES: 'any' } });
      const { access_token: admin } = await app.login();
      await app.post('/users', { username: 'taken', password }, admin).expect(201);
      for (const username of ['two  spaces', 'a\u200bb', '\u{1f642}']) {
        await app.post('/users', { username, password }, admin).expect(201);
        await app.login(username, password);
      }
      await app.post('/users', { username: '\u{1d4c9}aken', password }, admin).expect(409);
      await app.post('/users', { username: 'a\ud800', password }, admin).expect(422);
      await fc.assert(
        fc.asyncProperty(longWhenTakenApart, async (username) => {
          expect((await app.post('/users', { username, password }, admin)).status).to.be.oneOf([
            201, 409, 422,
          ]);
        }),
        { numRuns: 5 },
      );
      const username = '\ufdfa'.repeat(200);
      const { body } = await app.post('/users', { username, password }, admin).expect(422);
      expect(body.errors.username).to.include('too long');
    });
  });
}
