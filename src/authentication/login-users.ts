import type { Database } from '../database/database.js';
import type { CheckedUser } from '../sessions/session-starter.js';
import { usersStore, type StoredUser } from '../users/users.store.js';
import type { LoginPlace } from './login-places.store.js';
import { loginStore, type LoginLookup } from './login.store.js';

/** The users who log in. */
export class LoginUsers {
  constructor(
    private readonly database: Pick<Database, 'queries'>,
    /** How the part of an address before the @ is compared. */
    private readonly localPart: 'any_case' | 'exact',
  ) {}

  /** By name or verified address, with whether the user has logged in from the network before. */
  find(username: string, network: string, place?: LoginPlace): Promise<LoginLookup> {
    return loginStore.find(this.database.queries, {
      ...{ username, network, place },
      isExact: this.localPart === 'exact',
    });
  }

  /** As the user is now. */
  findAgain(id: string): Promise<(StoredUser & Pick<CheckedUser, 'second_factors'>) | undefined> {
    return usersStore.findStored(this.database.queries, id);
  }
}
