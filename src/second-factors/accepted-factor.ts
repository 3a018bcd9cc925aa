import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { AuthenticationMethod } from '../tokens/authentication-methods.js';

/** A second factor that was right. */
export interface AcceptedFactor {
  /** Beside those of the first proof, and `mfa`. */
  readonly methods: readonly AuthenticationMethod[];
  /**
   * Uses it up, in the transaction in which the session begins: a required statement finds nothing where somebody else was
   * faster.
   */
  readonly consume: (queries: Queries) => readonly BatchStatement[];
}
