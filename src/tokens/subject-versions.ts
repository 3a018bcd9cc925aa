import type { Clock } from '../clock.js';
import type { Queries } from '../database/open-database.js';
import { usersStore } from '../users/users.store.js';
import type { AccessTokens } from './access-token.js';
import { everyVersion } from './revocations.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/**
 * Voids users' access tokens as part of a larger change: what a user may do has changed, and the next request
 * must know. The rows that come back are for `Revocations.apply`, after the commit.
 */
export class SubjectVersions {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
  ) {}

  /** Raises the version of one user, or of every holder of a role. */
  async raise(
    queries: Queries,
    whose: { readonly userId: string } | { readonly role: string },
  ): Promise<Revocation[]> {
    const raised = await usersStore.raiseVersions(queries, whose);
    // Tokens may be in the making that this transaction cannot see; they expire when one made now does.
    const atLeast = this.accessTokens.expiryOfNext();
    const rows = raised.map(({ id, version, access_expires_at: expiresAt }) =>
      this.#row(id, version, Math.max(expiresAt, atLeast)),
    );
    await revocationsStore.add(queries, rows);
    return rows;
  }

  /** Voids whatever a user who is about to be deleted ever got. */
  async end(queries: Queries, userId: string): Promise<Revocation[]> {
    const [raised] = await this.raise(queries, { userId });
    if (!raised) return [];
    const row = this.#row(userId, everyVersion, raised.expires_at);
    await revocationsStore.add(queries, [row]);
    return [row];
  }

  #row(target: string, version: number, expiresAt: number): Revocation {
    return { kind: 'subject', target, version, expires_at: expiresAt, created_at: this.clock.now() };
  }
}
