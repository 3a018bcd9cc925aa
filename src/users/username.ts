/** What is compared: two names that look alike to a person are one name. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}
