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
 * Revokes access tokens in the transaction that changes the subject's rights, so that the next request uses the new
 * ones. Pass the rows that the methods return to `apply`, after the commit.
 */
export class SubjectVersions {
  constructor(
    private readonly clock: Clock,
    private readonly revocations: Revocations,
  ) {}

  /** Puts the rows into effect in this process: after the commit and before the response. */
  apply(rows: readonly Revocation[]): void {
    this.revocations.apply(rows);
  }

  /** Revokes the subject's earlier tokens. */
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

  /** Revokes a user's earlier tokens, unless something has done so before. */
  async incrementFirst(queries: Queries, userId: string): Promise<Revocation[]> {
    const version = await subjectVersionsStore.incrementFirst(queries, userId);
    const rows = version === undefined ? [] : [this.#createRow(userId, version)];
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
   * Milliseconds since the Unix epoch. The maximum, because tokens may have been issued under a longer lifetime than the
   * one that is set now. The expiry times in the user's sessions would not do: a concurrent transaction may be issuing
   * another token, and reading them takes time with the number of sessions.
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
    return version === undefined ? [] : [this.#createRow(target, version)];
  }

  #createRow(target: string, version: number): Revocation {
    const now = this.clock.now();
    return { kind: 'subject', target, version, expires_at: this.#lastExpiry, created_at: now };
  }
}
