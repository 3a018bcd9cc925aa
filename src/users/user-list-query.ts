export type UserSort = 'created_at' | 'username' | 'last_login_at';

/** Which users to list; what is absent excludes nobody. */
export interface UserFilters {
  /** The beginning of the name. */
  readonly name?: string | undefined;
  /** The beginning of the e-mail address. */
  readonly email?: string | undefined;
  readonly role?: string | undefined;
  readonly disabled?: boolean | undefined;
  /** Milliseconds since the Unix epoch: the last login was then or later. */
  readonly lastLoginFrom?: number | undefined;
  /** The last login was before, or there was none. */
  readonly lastLoginTo?: number | undefined;
}

export interface UserList {
  readonly by: UserSort;
  readonly descending: boolean;
  readonly filters: UserFilters;
}

/** A list in the order of one index: that of the last login has those who have logged in, and another one the others. */
export interface IndexedUserList extends Omit<UserList, 'by'> {
  readonly by: UserSort | 'logged_in' | 'never_logged_in';
}

/** A user's place in a list: what the list is sorted by, and the id where that is the same for several. */
export interface UserPosition {
  readonly key: string | number;
  readonly id: string;
}

/** The lists, each in the order of one index, that a list consists of one after the other. */
export function splitByIndex(list: UserList): readonly IndexedUserList[] {
  if (list.by !== 'last_login_at') return [list];
  const loggedIn = { ...list, by: 'logged_in' } as const;
  if ((list.filters.lastLoginFrom ?? 0) > 0) return [loggedIn];
  const never = { ...list, by: 'never_logged_in' } as const;
  return list.descending ? [loggedIn, never] : [never, loggedIn];
}
