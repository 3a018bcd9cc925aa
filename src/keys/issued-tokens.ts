import type { Queries } from '../database/database.js';

/** The key ring's port to sessions and revocations, which are layers above it; `services.ts` injects the implementation. */
export interface IssuedTokens {
  /** When the last of all sessions expires, in milliseconds since the Unix epoch. */
  findLastSessionExpiry(queries: Queries): Promise<number>;
  /** Revokes all access tokens of users issued so far, in the transaction of `queries`. */
  revokeAccessTokens(queries: Queries): Promise<void>;
}
