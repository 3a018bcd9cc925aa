import { expect } from 'chai';
import type { Queries } from '../../src/database/database.js';
import type { StoredRole } from '../../src/roles/roles.store.js';
import { toUsernameKey } from '../../src/usernames/username.js';
import type { UserFilters, UserList, UserSort } from '../../src/users/user-list-query.js';
import { UserListsService } from '../../src/users/user-lists.service.js';
import { usersStore, type StoredUser } from '../../src/users/users.store.js';
import { addRole, addUser, minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const everyone: UserList = { by: 'created_at', descending: false, filters: {} };

async function addDeletedUser(queries: Queries): Promise<void> {
  const { id } = await addUser(queries, { username: 'a deleted one' });
  await usersStore.delete(queries, id, recordTime);
}

describeStore('Lists of users', (on) => {
  const users: StoredUser[] = [];
  let [common, rare]: (StoredRole | undefined)[] = [];
  before(async () => {
    // Several of each time, in another order than that of their ids and of their names.
    for (let number = 0; number < 30; number += 1) {
      users.push(
        await addUser(on.queries, {
          username: `${number % 3 === 0 ? 'Even' : 'odd'} ${(number * 7) % 30}`,
          created_at: recordTime - (number % 4) * minute,
          last_login_at: number % 5 === 0 ? null : recordTime + (number % 6) * minute,
          disabled_at: number % 7 === 0 ? recordTime : null,
        }),
      );
    }
    common = await addRole(
      on.queries,
      {},
      users.filter((_, index) => index % 2 === 0),
    );
    rare = await addRole(on.queries, {}, users.slice(3, 5));
    await addRole(on.queries, {}, users.slice(0, 20));
    await addDeletedUser(on.queries);
  });

  /** What a list should have, found without the database. */
  const expected = ({ by, descending, filters }: UserList): string[] => {
    const { name, role, disabled, lastLoginFrom = 0, lastLoginTo = Infinity } = filters;
    const held = new Set(
      users
        .filter((_, index) => (role === common?.name ? index % 2 === 0 : [3, 4].includes(index)))
        .map(({ id }) => id),
    );
    const keyOf = (user: StoredUser): string | number =>
      by === 'username' ? toUsernameKey(user.username) : (user[by] ?? 0);
    const direction = descending ? -1 : 1;
    return users
      .filter(
        (user) =>
          (name === undefined || toUsernameKey(user.username).startsWith(toUsernameKey(name))) &&
          (role === undefined || held.has(user.id)) &&
          (disabled === undefined || disabled === (user.disabled_at !== null)) &&
          (user.last_login_at ?? 0) >= lastLoginFrom &&
          (user.last_login_at ?? 0) < lastLoginTo,
      )
      .sort((one, other) => {
        const [key, otherKey] = [keyOf(one), keyOf(other)];
        const isBefore = key === otherKey ? one.id < other.id : key < otherKey;
        return isBefore ? -direction : direction;
      })
      .map(({ id }) => id);
  };

  const walk = async (lists: UserListsService, list: UserList, limit: number): Promise<string[]> => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { rows, next } = await lists.list(list, limit, cursor);
      expect(rows.length).to.be.at.most(limit);
      seen.push(...rows.map(({ id }) => id));
      cursor = next;
    } while (cursor !== undefined);
    return seen;
  };

  const listAll = (filters: UserFilters): UserList[] =>
    (['created_at', 'username', 'last_login_at'] satisfies UserSort[]).flatMap((by) =>
      [false, true].map((descending) => ({ by, descending, filters })),
    );

  for (const [how, options] of [
    ['sorting what a filter leaves', { maxFew: 1000, rowsPerPart: 1000 }],
    ['reading a part after the other', { maxFew: 0, rowsPerPart: 7 }],
  ] as const) {
    const choices: readonly (readonly [string, () => UserFilters])[] = [
      ['all', () => ({})],
      ['those of a role', () => ({ role: common?.name })],
      ['those of a role with few', () => ({ role: rare?.name })],
      ['those of a role that there is not', () => ({ role: 'nobody' })],
      ['disabled ones', () => ({ disabled: true })],
      ['enabled ones', () => ({ disabled: false })],
      ['those whose names begin alike', () => ({ name: 'EVEN' })],
      ['those who have logged in since', () => ({ lastLoginFrom: recordTime + 3 * minute })],
      ['those who have not', () => ({ lastLoginTo: recordTime + 3 * minute })],
      [
        'those of every filter',
        () => ({
          ...{ name: 'o', role: common?.name, disabled: false },
          ...{ lastLoginFrom: recordTime, lastLoginTo: recordTime + 5 * minute },
        }),
      ],
    ];
    for (const [what, filtersOf] of choices) {
      it(`have ${what} once in each order, page by page, with their number, ${how}`, async () => {
        const lists = new UserListsService(on.database, options);
        for (const list of listAll(filtersOf())) {
          const ids = filtersOf().role === 'nobody' ? [] : expected(list);
          for (const limit of [1, 4, 50])
            expect(await walk(lists, list, limit), JSON.stringify(list)).to.deep.equal(ids);
          expect(await lists.count(list), JSON.stringify(list)).to.equal(ids.length);
        }
      });
    }
  }

  it('stay in place while users before the cursor are added, renamed and removed', async () => {
    const lists = new UserListsService(on.database);
    for (const list of listAll({ name: 'place' })) {
      const made = [];
      for (const letter of 'abcd')
        made.push(
          await addUser(on.queries, {
            username: `place ${letter}`,
            created_at: recordTime + made.length,
            last_login_at: recordTime + made.length,
          }),
        );
      const { rows, next } = await lists.list(list, 2, undefined);
      const [deleted, renamed] = rows;
      await usersStore.delete(on.queries, deleted?.id ?? '', recordTime);
      await usersStore.update(on.queries, renamed?.id ?? '', recordTime, {
        username: `${deleted?.username}, renamed`,
      });
      const time = recordTime + (list.descending ? minute : -minute);
      const added = await addUser(on.queries, {
        username: list.descending ? 'place e' : 'place',
        created_at: time,
        last_login_at: time,
      });
      const rest = (await lists.list(list, 2, next)).rows.map(({ id }) => id);
      const all = made.map(({ id }) => id);
      expect(rest, JSON.stringify(list)).to.deep.equal(
        list.descending ? all.slice(0, 2).reverse() : all.slice(2),
      );
      for (const id of [...rest, added.id, renamed?.id ?? ''])
        await usersStore.delete(on.queries, id, recordTime);
    }
  });

  it('of a prefix end after all names with it, whatever characters it has', async () => {
    const lists = new UserListsService(on.database);
    for (const beginning of ['\ud7ff', 'z\u{10ffff}', '\u{10ffff}']) {
      await addUser(on.queries, { username: `${beginning}a` });
      await addUser(on.queries, { username: `${beginning}\u{10ffff}b` });
      const { rows } = await lists.list(
        { ...everyone, by: 'username', filters: { name: beginning } },
        9,
        undefined,
      );
      expect(rows.map(({ username }) => username)).to.deep.equal([
        `${beginning}a`,
        `${beginning}\u{10ffff}b`,
      ]);
    }
  });

  describe('of a prefix', () => {
    before(async () => {
      const names = ['Under_score', 'underXscore', '100%', '1000', 'back\\slash', 'backslash', 'Ünïcode'];
      for (const username of names) await addUser(on.queries, { username });
    });

    for (const [part, found] of [
      ['under_s', ['Under_score']],
      ['UNDERX', ['underXscore']],
      ['under', ['Under_score', 'underXscore']],
      ['100', ['100%', '1000']],
      ['100%', ['100%']],
      ['%', []],
      ['_', []],
      ['back', ['back\\slash', 'backslash']],
      ['BACK\\', ['back\\slash']],
      ['üNÏ', ['Ünïcode']],
      ['u\u0308ni\u0308', ['Ünïcode']],
      ['score', []],
      ['nowhere', []],
      ["'; drop table users; --", []],
    ] as const) {
      it(`treat every character of ${JSON.stringify(part)} literally`, async () => {
        for (const by of ['username', 'created_at'] as const) {
          const { rows } = await new UserListsService(on.database).list(
            { ...everyone, by, filters: { name: part } },
            9,
            undefined,
          );
          expect(rows.map(({ username }) => username)).to.have.members(found);
        }
      });
    }
  });
});
