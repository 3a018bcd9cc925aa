/** UTF-16 units of a username at most, as the contract says. */
export const maxUsernameLength = 200;

/**
 * What is compared: two names that look alike to a person are one name. Normalized once more at the end: J̌ is two
 * characters, its small letter one.
 */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}
