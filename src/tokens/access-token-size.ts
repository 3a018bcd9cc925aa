/**
 * Characters of an access token at most, and of what is accepted as one before it is parsed: beside it there is room for
 * the other headers of a request in the 16 KiB that Node reads.
 */
export const maxTokenLength = 8192;

/** Characters of so many bytes in base64url. */
export function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** Bytes that so many characters of base64url stand for. */
export function base64urlBytes(characters: number): number {
  return Math.floor((characters * 3) / 4);
}

/**
 * Bytes that roles, and the permissions that they give, take of an access token's claims: the names of the roles with
 * their quotes and commas, the permissions with a space in between.
 */
export function computeRightsSize(roles: readonly string[], permissions: readonly string[]): number {
  const names = roles.reduce((sum, role) => sum + role.length + 3, 0);
  return names + permissions.reduce((sum, permission) => sum + Buffer.byteLength(permission) + 1, 0);
}

/** Bytes that there are in a user's access token for roles and permissions. */
export interface RightsCapacity {
  readonly rightsCapacity: number;
}

/** What is said of rights that take more, as the end of a field's error. */
export function describeTooManyRights(size: number, { rightsCapacity }: RightsCapacity): string {
  return `more than an access token can carry: with the names of the roles ${size} bytes, of ${rightsCapacity} at most`;
}
