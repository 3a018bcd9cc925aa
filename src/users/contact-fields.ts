import type { User } from './users.models.js';
import type { UserWithRoles } from './users.store.js';

/** What clients see of a user's name and address: fields without a value are absent. */
export function toContactFields(
  user: Pick<UserWithRoles, 'email' | 'email_verified_at' | 'display_name' | 'language'>,
): Pick<User, 'email' | 'email_verified' | 'display_name' | 'language'> {
  return {
    ...(user.email !== null && { email: user.email, email_verified: user.email_verified_at !== null }),
    ...(user.display_name !== null && { display_name: user.display_name }),
    ...(user.language !== null && { language: user.language }),
  };
}
