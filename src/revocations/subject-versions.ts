import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';
import { everyVersion, type Revocations } from './revocations.js';
import { revocationsStore, type Revocation } from './revocations.store.js';
import { revokeTokensOfHolders } from './roles-version.js';
import { subjectVersionsStore } from './subject-versions.store.js';

/** A user, every holder of a role, or a client. */
export type Subject = { readonly userId: string } | { readonly role: string } | { readonly clientId: string };

/**
 * Revokes access tokens as part of a larger change: the subject's rights have changed, and the next request must use the
 * new ones. The rows that come back are for `apply`, after the commit.
 */
export class SubjectVersions {
  constructor(
    private readonly clock: Clock,
    private readonly revocations: Revocations,
  ) {}

  /** Has the rows hold here, once their transaction is committed and before the change is answered. */
  apply(rows: readonly Revocation[]): void {
    this.revocations.apply(rows);
  }

  /** Raises the version of those whose rights change. */
  async increment(queries: Queries, subject: Subject): Promise<Revocation[]> {
    if ('role' in subject) {
      return revokeTokensOfHolders(queries, subject.role, {
        now: this.clock.now(),
        expiresAt: this.#lastExpiry,
      });
    }
    const rows = await this.#incrementVersion(queries, subject);
    await revocationsStore.add(queries, rows);
    return rows;
  }

  /** Revokes all tokens, past and future, of a user or client that is being deleted. */
  async revokeForever(
    queries: Queries,
    subject: { readonly userId: string } | { readonly clientId: string },
  ): Promise<Revocation[]> {
    const rows = (await this.#incrementVersion(queries, subject)).map((row) => ({
      ...row,
      version: everyVersion,
    }));
    await revocationsStore.add(queries, rows);
    return rows;
  }

  /**
   * Tokens may have been given a longer lifetime than is set now, and others are in the making that a transaction cannot
   * see: to ask what a user's sessions were given would tell of the former alone, and take as long as there are sessions.
   */
  get #lastExpiry(): number {
    return this.clock.now() + maxAccessTokenLifetime;
  }

  async #incrementVersion(
    queries: Queries,
    whose: { readonly userId: string } | { readonly clientId: string },
  ): Promise<Revocation[]> {
    const [target, version] =
      'clientId' in whose
        ? [whose.clientId, await subjectVersionsStore.increment(queries, 'clients', whose.clientId)]
        : [whose.userId, await subjectVersionsStore.increment(queries, 'users', whose.userId)];
    if (version === undefined) return [];
    const now = this.clock.now();
    return [{ kind: 'subject', target, version, expires_at: this.#lastExpiry, created_at: now }];
  }
}
