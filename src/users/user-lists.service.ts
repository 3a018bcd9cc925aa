import type { Database } from '../database/database.js';
import { readPage, type Page } from '../http/pagination.js';
import { userListStore } from './user-list.store.js';
import type { UserWithRoles } from './users.store.js';

/** Lists of users, a page at a time. */
export class UserLists {
  constructor(private readonly database: Database) {}

  /**
   * A page of users in order of creation.
   * @param after the id before the page.
   */
  list(limit: number, after: string | undefined): Promise<Page<UserWithRoles>> {
    return readPage(limit, (most) => userListStore.list(this.database.queries, { limit: most, after }));
  }

  /**
   * A page of the users whose names start with `prefix`, in the order of their names.
   * @param after the name before the page.
   */
  listByName(prefix: string, limit: number, after: string | undefined): Promise<Page<UserWithRoles>> {
    return readPage(
      limit,
      (most) => userListStore.listByName(this.database.queries, prefix, { limit: most, after }),
      ({ username }) => username,
    );
  }
}
