import type { Clock } from '../clock.js';
import type { Database } from '../database/open-database.js';
import type { AccessTokenClaims } from './access-token-claims.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/** Every version of a user that is gone for good. */
export const everyVersion = Number.MAX_SAFE_INTEGER;

/** How long a transaction that revokes may take to commit, and clocks may differ, in milliseconds. */
const lately = 60_000;

interface SubjectRevocation {
  readonly version: number;
  readonly expiresAt: number;
}

/**
 * What has been revoked and may still be shown to us, all of it in memory: a request is checked without I/O.
 * The table is the truth; whoever writes to it hands the rows to `apply` after the commit and before the answer.
 */
export class Revocations {
  #sessions = new Map<string, number>();
  #tokens = new Map<string, number>();
  #subjects = new Map<string, SubjectRevocation>();
  /** When the last reading that went well began. */
  #caughtUpAt = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  isRevoked({ sid, jti, sub, ver }: AccessTokenClaims): boolean {
    if ((sid !== undefined && this.#sessions.has(sid)) || this.#tokens.has(jti)) return true;
    const subject = this.#subjects.get(sub);
    // Versions, never clocks: `iat` has whole seconds and would accept older tokens or refuse newer ones.
    return subject !== undefined && ver < subject.version;
  }

  /** How many are held. */
  get size(): number {
    return this.#sessions.size + this.#tokens.size + this.#subjects.size;
  }

  /** Takes over rows that have been committed. */
  apply(rows: readonly Revocation[]): void {
    for (const { kind, target, version, expires_at: expiresAt } of rows) {
      if (kind === 'subject') {
        const known = this.#subjects.get(target);
        this.#subjects.set(target, {
          version: Math.max(version ?? everyVersion, known?.version ?? 0),
          expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0),
        });
      } else {
        const held = kind === 'session' ? this.#sessions : this.#tokens;
        held.set(target, Math.max(expiresAt, held.get(target) ?? 0));
      }
    }
  }

  /** Reads the table, at the start. */
  async load(): Promise<void> {
    this.#caughtUpAt = this.clock.now();
    this.apply(await revocationsStore.live(this.database.queries, this.clock.now()));
  }

  /** Takes over what other processes wrote lately. */
  async catchUp(): Promise<void> {
    const begun = this.clock.now();
    this.apply(await revocationsStore.since(this.database.queries, this.#caughtUpAt - lately));
    // Only now: after a failure the next one reads from where the last good one began.
    this.#caughtUpAt = begun;
  }

  /** Forgets, here and in the table, what no living token is concerned by any more. */
  async prune(): Promise<void> {
    const now = this.clock.now();
    await revocationsStore.deleteExpired(this.database.queries, now);
    for (const held of [this.#sessions, this.#tokens]) {
      for (const [target, expiresAt] of held) if (expiresAt <= now) held.delete(target);
    }
    for (const [target, { expiresAt }] of this.#subjects) {
      if (expiresAt <= now) this.#subjects.delete(target);
    }
  }
}
