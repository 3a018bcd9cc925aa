/** In UTF-16 code units; the same limit as in the contract. */
export const maxUsernameLength = 200;

/**
 * The form by which usernames are compared and unique: NFKC, case-insensitive. It is normalized again after the case is
 * mapped, because J̌ is two code points and ǰ is one.
 */
export function toUsernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}
