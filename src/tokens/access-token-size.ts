/**
 * In characters: longer tokens are neither issued nor parsed. It leaves room for a request's other headers in the 16 KiB
 * that Node reads.
 */
export const maxTokenLength = 8192;

/** The number of base64url characters that encode this many bytes. */
export function computeBase64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** The number of bytes that this many base64url characters encode. */
export function computeBase64urlBytes(characters: number): number {
  return Math.floor((characters * 3) / 4);
}

/**
 * The bytes that roles and their permissions take in an access token's claims: the names of the roles with quotes and
 * commas, the permissions with a space after each.
 */
export function computeRightsSize(roles: readonly string[], permissions: readonly string[]): number {
  const names = roles.reduce((sum, role) => sum + role.length + 3, 0);
  return names + permissions.reduce((sum, permission) => sum + Buffer.byteLength(permission) + 1, 0);
}

/** The bytes available for roles and permissions in a user's access token. */
export interface RightsCapacity {
  readonly rightsCapacity: number;
}

/** The end of a field's error message for roles or permissions that take more. */
export function describeTooManyRights(size: number, { rightsCapacity }: RightsCapacity): string {
  return `more than an access token can carry: with the names of the roles ${size} bytes, of ${rightsCapacity} at most`;
}
