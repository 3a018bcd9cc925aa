import { expect } from 'chai';
import { rolesStore } from '../../src/roles/roles.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { administratorRole } from '../../src/roles/administrator-role.js';
import { addRole, addUser, minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('The roles store', (on) => {
  it('lists roles by name', async () => {
    const later = await addRole(on.queries, { name: 'b-role' });
    const first = await addRole(on.queries, { name: 'a-role' });
    expect(await rolesStore.list(on.queries)).to.deep.equal([first, later]);
  });

  it('finds a role by its exact name', async () => {
    const role = await addRole(on.queries, { name: 'auditor' });
    expect(await rolesStore.find(on.queries, 'auditor')).to.deep.equal(role);
    expect(await rolesStore.find(on.queries, 'Auditor')).to.be.undefined;
  });

  it('returns the names that are not roles', async () => {
    const { name } = await addRole(on.queries);
    expect(await rolesStore.findMissing(on.queries, ['x', name, 'y'])).to.deep.equal(['x', 'y']);
    expect(await rolesStore.findMissing(on.queries, [])).to.deep.equal([]);
  });

  it('adds a new role, and does not change an existing one', async () => {
    const role = await addRole(on.queries);
    expect(await rolesStore.insert(on.queries, { ...role, permissions: 'everything' })).to.be.false;
    expect(await rolesStore.find(on.queries, role.name)).to.deep.equal(role);
  });

  it('lets one of many concurrent additions of a role succeed', async () => {
    const role = await addRole(on.queries);
    await rolesStore.delete(on.queries, role.name, recordTime);
    await rolesStore.removeFromSome(on.queries, role.name, 10);
    const inserted = await Promise.all(Array.from({ length: 8 }, () => rolesStore.insert(on.queries, role)));
    expect(inserted.filter((won) => won)).to.have.length(1);
  });

  it('replaces a role’s description and permissions, and nothing else', async () => {
    const role = await addRole(on.queries, { built_in: 1 });
    const said = { description: 'New', permissions: 'a b', updated_at: recordTime + minute };
    await rolesStore.update(on.queries, { ...role, ...said, built_in: 0, created_at: 0 });
    expect(await rolesStore.find(on.queries, role.name)).to.deep.equal({ ...role, ...said });
  });

  it('deletes a role and removes it from its holders', async () => {
    const user = await addUser(on.queries);
    const { name } = await addRole(on.queries, {}, [user]);
    const kept = await addRole(on.queries, {}, [user]);
    await rolesStore.delete(on.queries, name, recordTime);
    expect(await rolesStore.find(on.queries, name)).to.be.undefined;
    expect(await usersStore.find(on.queries, user.id)).to.include({ roles: kept.name });
  });

  it('removes the rows of a deleted role’s holders a few at a time, and frees its name after that', async () => {
    const holders = [await addUser(on.queries), await addUser(on.queries), await addUser(on.queries)];
    const role = await addRole(on.queries, {}, holders);
    const kept = await addRole(on.queries, {}, holders);
    expect(await rolesStore.removeFromSome(on.queries, role.name, 2), 'of one that is not deleted').to.equal(
      0,
    );
    await rolesStore.delete(on.queries, role.name, recordTime);
    expect(await rolesStore.listDeleted(on.queries)).to.include(role.name);
    expect(await rolesStore.findMissing(on.queries, [role.name])).to.deep.equal([role.name]);
    expect(await rolesStore.insert(on.queries, role), 'while it has holders').to.be.false;
    const removed = [];
    for (let round = 0; round < 3; round += 1) {
      removed.push(await rolesStore.removeFromSome(on.queries, role.name, 2));
    }
    expect(removed).to.deep.equal([2, 1, 0]);
    expect(await rolesStore.insert(on.queries, role)).to.be.true;
    for (const { id } of holders) {
      expect(await usersStore.find(on.queries, id)).to.include({ roles: kept.name });
    }
  });

  it('serializes transactions that lock the rights', async () => {
    await addRole(on.queries, { name: administratorRole, built_in: 1 });
    const { name } = await addRole(on.queries);
    const users = [await addUser(on.queries), await addUser(on.queries), await addUser(on.queries)];
    const counts = await Promise.all(
      users.map(({ id }) =>
        on.database.transaction(async (transaction) => {
          await rolesStore.lockRights(transaction);
          await usersStore.setRoles(transaction, id, [name]);
          return (await rolesStore.listOtherRolesOfHolders(transaction, name, { after: '', limit: 10 }))
            .length;
        }),
      ),
    );
    expect(counts).to.have.members([1, 2, 3]);
  });
});
