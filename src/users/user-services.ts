import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { RightsCapacity } from '../tokens/access-token-size.js';
import { UserListsService } from './user-lists.service.js';
import { UserRecords, type UserOptions } from './user-records.js';
import { UsersService } from './users.service.js';

export interface UserServices {
  readonly users: UsersService;
  readonly userLists: UserListsService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly newPasswords: NewPasswords;
  readonly outbox: Outbox;
  readonly versions: SubjectVersions;
  readonly accessTokens: RightsCapacity;
}

/** @param options `removeDeleted` removes the rows of a deleted user, sessions first. */
export function createUserServices(
  { database, clock, newPasswords, outbox, versions, accessTokens }: Dependencies,
  options: UserOptions & { readonly removeDeleted: (id: string) => Promise<void> },
): UserServices {
  const records = new UserRecords(clock, accessTokens, options, options.removeDeleted, outbox);
  return {
    users: new UsersService(database, clock, newPasswords, versions, records),
    userLists: new UserListsService(database),
  };
}
