import type { Database } from '../database/database.js';
import { nextTurn } from '../event-loop.js';
import { readPage, type Page } from '../http/pagination.js';
import { readUserCursor, writeUserCursor } from './user-cursor.js';
import { listNarrowFilters, userListStore, type UserIds, type UserSpan } from './user-list.store.js';
import {
  splitByIndex,
  type IndexedUserList,
  type UserList,
  type UserPosition,
  type UserSort,
} from './user-list-query.js';
import type { UserWithRoles } from './users.store.js';

/** Up to so many users of one filter are sorted for a page. */
const maxFew = 1000;
/** How many rows of the order's index a statement looks at: about a millisecond. */
const rowsPerPart = 1000;

/** Lists of users, a page at a time. However many there are, a statement takes milliseconds, and others run in between. */
export class UserListsService {
  /** @param options smaller numbers, for tests. */
  constructor(
    private readonly database: Pick<Database, 'queries'>,
    private readonly options: { readonly maxFew: number; readonly rowsPerPart: number } = {
      maxFew,
      rowsPerPart,
    },
  ) {}

  /**
   * A page of a list.
   * @param cursor of the previous page.
   * @throws {Problem} `validation_failed` for a cursor of another list.
   */
  async list(list: UserList, limit: number, cursor: string | undefined): Promise<Page<UserWithRoles>> {
    const after = cursor === undefined ? undefined : readUserCursor(list, cursor);
    const few = await this.#findFew(list);
    return readPage(
      limit,
      (max) =>
        few
          ? userListStore.listAmong(this.database.queries, list, few, { after, limit: max })
          : this.#listInParts(list, after, max),
      (user) => writeUserCursor(list, user),
    );
  }

  async count({ filters }: UserList): Promise<number> {
    const list = { filters, by: chooseOrder(filters), descending: false };
    const few = await this.#findFew(list);
    if (few) return userListStore.countAmong(this.database.queries, list, few);
    let count = 0;
    await this.#forEachPart(list, undefined, async (part, span) => {
      count += await userListStore.count(this.database.queries, part, span);
      return true;
    });
    return count;
  }

  async #findFew(list: UserList): Promise<UserIds | undefined> {
    for (const ids of listNarrowFilters(list)) {
      if (await userListStore.areFew(this.database.queries, ids, this.options.maxFew)) return ids;
    }
    return undefined;
  }

  async #listInParts(
    list: UserList,
    after: UserPosition | undefined,
    limit: number,
  ): Promise<UserWithRoles[]> {
    const found: UserWithRoles[] = [];
    await this.#forEachPart(list, after, async (part, span) => {
      found.push(...(await userListStore.list(this.database.queries, part, span, limit - found.length)));
      return found.length < limit;
    });
    return found;
  }

  /** @param visit returns whether to go on. */
  async #forEachPart(
    list: UserList,
    start: UserPosition | undefined,
    visit: (part: IndexedUserList, span: UserSpan) => Promise<boolean>,
  ): Promise<void> {
    const lists = splitByIndex(list);
    // Of those who have never logged in, the position has no time.
    const first = lists.findIndex(({ by }) => !start || (by === 'never_logged_in') === (start.key === 0));
    for (const [index, part] of lists.slice(Math.max(first, 0)).entries()) {
      let after = index === 0 ? start : undefined;
      do {
        const until = await userListStore.findEnd(
          this.database.queries,
          part,
          after,
          this.options.rowsPerPart,
        );
        if (!(await visit(part, { after, until }))) return;
        after = until;
        if (until) await nextTurn();
      } while (after);
    }
  }
}

/** The order in which the users that a filter leaves are beside each other, where there is one. */
function chooseOrder({ name, lastLoginFrom, lastLoginTo }: UserList['filters']): UserSort {
  if (name !== undefined) return 'username';
  return (lastLoginFrom ?? lastLoginTo) === undefined ? 'created_at' : 'last_login_at';
}
