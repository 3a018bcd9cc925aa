import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const hash =
  (
    JSON.parse(readFileSync(join(checkout, 'test/passwords/foreign-hashes.json'), 'utf8')) as readonly {
      readonly hash: string;
    }[]
  ).find((each) => each.hash.startsWith('pbkdf2:sha256'))?.hash ?? '';

describe('POST /users with a password_hash', () => {
  let app: TestApp;
  let admin: string;
  before(async () => {
    app = await TestApp.start();
    admin = (await app.login()).access_token;
  });
  after(() => app.close());

  it('creates a user who logs in with the password that the hash is of', async () => {
    const { body } = await app.post('/users', { username: 'ada', password_hash: hash }, admin).expect(201);
    expect(body).to.include({ username: 'ada', password_change_required: false });
    await app.post('/login', { username: 'ada', password: 'a wrong one' }).expect(401);
    await app.login('ada', password);
  });

  it('creates a user who must choose another password, where that is requested', async () => {
    const fields = { username: 'grace', password_hash: hash, one_time: true };
    const { body } = await app.post('/users', fields, admin).expect(201);
    expect(body).to.include({ password_change_required: true });
    expect((await app.login('grace', password)).scope).to.equal('');
  });

  for (const [what, fields, field, message] of [
    [
      'a notation that is not known',
      { password_hash: 'md5$x$y' },
      'password_hash',
      /notation that is not known/,
    ],
    ['too high costs', { password_hash: `$2b$20$${'x'.repeat(53)}` }, 'password_hash', /cost 20/],
    ['a password, too', { password_hash: hash, password }, 'password', /together with password_hash/],
    ['neither', {}, 'password', /is required, or password_hash/],
  ] as const) {
    it(`responds with 422 and a message for ${what}`, async () => {
      const { body } = await app.post('/users', { username: 'linus', ...fields }, admin).expect(422);
      expect((body as { errors: Record<string, string> }).errors[field]).to.match(message);
    });
  }

  it('requires a permission of its own', async () => {
    await app.put('/roles/manager', { permissions: ['users:write'] }, admin).expect(201);
    await app.createUser('boss', 'the password of boss', ['manager']);
    const { access_token: token } = await app.login('boss', 'the password of boss');
    const { body, headers } = await app
      .post('/users', { username: 'eve', password_hash: hash }, token)
      .expect(403);
    expect(body).to.include({ code: 'insufficient_scope' });
    expect(headers['www-authenticate']).to.match(/scope="users:import"$/);
    await app.post('/users', { username: 'eve', password: 'the password of eve' }, token).expect(201);
  });
});
