import { expect } from 'chai';
import { v7 } from 'uuid';
import { subjectVersionsStore } from '../../src/revocations/subject-versions.store.js';
import { addClient, addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('The store of subjects’ versions', (on) => {
  const add = { users: addUser, clients: addClient };
  for (const table of ['users', 'clients'] as const) {
    const readVersionOf = async (id: string): Promise<number | undefined> =>
      (await on.queries.selectFrom(table).select('version').where('id', '=', id).executeTakeFirst())?.version;

    it(`raises the version of one of the ${table}, and of no other`, async () => {
      const { id } = await add[table](on.queries, { version: 4 });
      const other = await add[table](on.queries);
      expect(await subjectVersionsStore.increment(on.queries, table, id)).to.equal(5);
      expect(await readVersionOf(id)).to.equal(5);
      expect(await readVersionOf(other.id)).to.equal(0);
      expect(await subjectVersionsStore.increment(on.queries, table, v7())).to.be.undefined;
    });

    it(`loses no increment of a version of the ${table} when many raise it`, async () => {
      const { id } = await add[table](on.queries);
      const raised = await Promise.all(
        Array.from({ length: 8 }, () => subjectVersionsStore.increment(on.queries, table, id)),
      );
      expect(raised).to.have.members([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it(`raises the versions of all ${table}, a page at a time, to a minimum`, async () => {
      for (let count = 0; count < 5; count += 1) await add[table](on.queries, { version: count });
      const before = await on.queries.selectFrom(table).select(['id', 'version']).orderBy('id').execute();
      const pages: { id: string; version: number }[] = [];
      for (let after = ''; ;) {
        const page = await subjectVersionsStore.incrementPage(on.queries, table, {
          after,
          limit: 2,
          atLeast: 3,
        });
        if (page.length === 0) break;
        expect(page.length).to.be.at.most(2);
        pages.push(...page);
        after =
          page
            .map(({ id }) => id)
            .sort()
            .at(-1) ?? '';
      }
      expect(pages).to.have.deep.members(
        before.map(({ id, version }) => ({ id, version: Math.max(version + 1, 3) })),
      );
    });
  }
});
