import type { Queries } from '../database/database.js';

/** What was issued with the keys of the ring. The rooms of sessions and revocations know it; the wiring hands it over. */
export interface IssuedTokens {
  /** When the last of the sessions that there are ends, in milliseconds since the Unix epoch. */
  lastSessionExpiry(queries: Queries): Promise<number>;
  /** Revokes every user's access token that was issued so far, in the transaction that these queries are of. */
  revokeAccessTokens(queries: Queries): Promise<void>;
}
