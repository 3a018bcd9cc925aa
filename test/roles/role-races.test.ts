import { expect } from 'chai';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const parallel = 12;

/** Permissions with about this many characters. */
const createPermissions = (prefix: string, characters: number): string[] =>
  Array.from({ length: Math.floor(characters / 91) }, (_, index) => `${prefix}:${index}`.padEnd(90, 'x'));

for (const kind of databaseKinds) {
  describe(`Many changes of roles at once on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database: kind });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const put = async (name: string, permissions: readonly string[]): Promise<number> =>
      (await app.put(`/roles/${name}`, { permissions }, admin)).status;
    const all = (work: (index: number) => Promise<number>): Promise<number[]> =>
      Promise.all(Array.from({ length: parallel }, (_, index) => work(index)));
    const succeeded = (status: number): unknown[] => Array.from({ length: parallel }, () => status);
    const countUpdates = async (name: string): Promise<number> => {
      const { body } = await app.get(`/audit?event=role_updated&target=${name}`, admin).expect(200);
      return (body as { readonly items: readonly unknown[] }).items.length;
    };

    it('replace one role, each of them once', async () => {
      await put('shared', []);
      expect(await all((index) => put('shared', [`shared:${index}`]))).to.deep.equal(succeeded(200));
      expect(await countUpdates('shared')).to.equal(parallel);
    });

    it('create roles, and replace them while users are created with them', async () => {
      expect(await all((index) => put(`role-${index}`, [`one:${index}`]))).to.deep.equal(succeeded(201));
      const [replaced, created] = await Promise.all([
        all((index) => put(`role-${index}`, [`another:${index}`])),
        all(async (index) => {
          const user = { username: `racer ${index}`, password, roles: [`role-${index}`] };
          return (await app.post('/users', user, admin)).status;
        }),
      ]);
      expect(replaced).to.deep.equal(succeeded(200));
      expect(created).to.deep.equal(succeeded(201));
    });

    it('replace roles that together would not fit into a token, after a look at their holders', async () => {
      for (let index = 0; index < parallel; index += 1) {
        const name = `large-${index}`;
        expect(await put(name, createPermissions(name, 1500))).to.equal(201);
        await app.post('/users', { username: `holder ${index}`, password, roles: [name] }, admin).expect(201);
      }
      const change = (index: number): Promise<number> =>
        put(`large-${index}`, createPermissions(`larger-${index}`, 1600));
      expect(await all(change)).to.deep.equal(succeeded(200));
    });

    it('never give a holder more rights than fit into a token', async () => {
      const names = ['first-half', 'second-half'];
      for (const name of names) expect(await put(name, createPermissions(name, 900))).to.equal(201);
      await app.post('/users', { username: 'of both', password, roles: names }, admin).expect(201);
      const grown = await Promise.all(
        names.map((name) => put(name, createPermissions(`${name}-grown`, 3000))),
      );
      expect(grown.sort()).to.deep.equal([200, 422]);
      const { access_token: token } = await app.login('of both', password);
      await app.get('/me', token).expect(200);
    });
  });
}
