import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import type { UserWithRoles } from '../users/users.service.js';
import { isId } from '../ids.js';

/**
 * @param nameOrId an id, as the audit has it, is taken where no user has that name.
 * @throws {StartError} where there is no such user.
 */
export async function findUser({ users }: Pick<Services, 'users'>, nameOrId: string): Promise<UserWithRoles> {
  const user = (await users.findByName(nameOrId)) ?? (isId(nameOrId) ? await users.get(nameOrId) : undefined);
  if (user === undefined) throw new StartError(`There is no user "${nameOrId}".`);
  return user;
}
