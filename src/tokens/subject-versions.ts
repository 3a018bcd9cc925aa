import type { Clock } from '../clock.js';
import type { Queries } from '../database/open-database.js';
import { clientsStore } from '../clients/clients.store.js';
import { usersStore } from '../users/users.store.js';
import type { AccessTokens } from './access-token.js';
import { longestAccessToken } from './access-token-verifier.js';
import { everyVersion } from './revocations.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/** A user, every holder of a role, or a client. */
export type Whose = { readonly userId: string } | { readonly role: string } | { readonly clientId: string };

/**
 * Voids access tokens as part of a larger change: what their subject may do has changed, and the next request
 * must know. The rows that come back are for `Revocations.apply`, after the commit.
 */
export class SubjectVersions {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
  ) {}

  /** Raises the versions of those whose rights change. */
  async raise(queries: Queries, whose: Whose): Promise<Revocation[]> {
    const rows = await this.#raised(queries, whose);
    await revocationsStore.add(queries, rows);
    return rows;
  }

  /** Voids whatever a user or a client that is about to be deleted ever got. */
  async end(
    queries: Queries,
    whose: { readonly userId: string } | { readonly clientId: string },
  ): Promise<Revocation[]> {
    const rows = (await this.#raised(queries, whose)).map((row) => ({ ...row, version: everyVersion }));
    await revocationsStore.add(queries, rows);
    return rows;
  }

  async #raised(queries: Queries, whose: Whose): Promise<Revocation[]> {
    if ('clientId' in whose) {
      const version = await clientsStore.raiseVersion(queries, whose.clientId);
      // Its lifetime may have been longer: nothing says what the client's older tokens were given.
      const expiresAt = this.clock.now() + longestAccessToken;
      return version === undefined ? [] : [this.#row(whose.clientId, version, expiresAt)];
    }
    const raised = await usersStore.raiseVersions(queries, whose);
    // Tokens may be in the making that this transaction cannot see; they expire when one made now does.
    const atLeast = this.accessTokens.expiryOfNext();
    return raised.map(({ id, version, access_expires_at: expiresAt }) =>
      this.#row(id, version, Math.max(expiresAt, atLeast)),
    );
  }

  #row(target: string, version: number, expiresAt: number): Revocation {
    return { kind: 'subject', target, version, expires_at: expiresAt, created_at: this.clock.now() };
  }
}
