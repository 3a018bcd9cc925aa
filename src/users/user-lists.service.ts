import type { Database } from '../database/database.js';
import { readPage, type Page } from '../http/pagination.js';
import { userListStore } from './user-list.store.js';
import type { UserWithRoles } from './users.store.js';

/** Lists of users, a page at a time. */
export class UserLists {
  constructor(private readonly database: Database) {}

  /**
   * A page of users in the order of their creation.
   * @param after the id that the page comes after.
   */
  list(limit: number, after: string | undefined): Promise<Page<UserWithRoles>> {
    return readPage(limit, (most) => userListStore.list(this.database.queries, { limit: most, after }));
  }

  /**
   * A page of the users whose names begin so, in the order of the names.
   * @param after the name that the page comes after.
   */
  listByName(prefix: string, limit: number, after: string | undefined): Promise<Page<UserWithRoles>> {
    return readPage(
      limit,
      (most) => userListStore.listByName(this.database.queries, prefix, { limit: most, after }),
      ({ username }) => username,
    );
  }
}
