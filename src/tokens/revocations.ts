import type { Clock } from '../clock.js';
import type { Database } from '../database/open-database.js';
import type { AccessTokenClaims } from './access-token-claims.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/** Every version of a user that is gone for good. */
export const everyVersion = Number.MAX_SAFE_INTEGER;

/** How long a transaction that revokes may take to commit, and clocks may differ, in milliseconds. */
const lately = 60_000;

/** What of a revocation is kept in memory. */
export type LiveRevocation = Omit<Revocation, 'created_at'>;

/** Is told of revocations that were not known here before, once they hold here. */
export type RevocationListener = (rows: readonly LiveRevocation[]) => void;

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
  readonly #listeners = new Set<RevocationListener>();
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

  /** All that are held. What is applied while they are gone through may be among them or not. */
  *snapshot(): Iterable<LiveRevocation> {
    for (const [kind, held] of [
      ['session', this.#sessions],
      ['token', this.#tokens],
    ] as const) {
      for (const [target, expires_at] of held) yield { kind, target, version: null, expires_at };
    }
    for (const [target, { version, expiresAt }] of this.#subjects) {
      yield { kind: 'subject', target, version, expires_at: expiresAt };
    }
  }

  /**
   * Calls back with each revocation that is new here, or that reaches further than before.
   * @returns what ends it.
   */
  subscribe(listener: RevocationListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Takes over rows that have been committed. */
  apply(rows: readonly LiveRevocation[]): void {
    const news = rows.filter((row) => this.#take(row));
    if (news.length > 0) for (const listener of this.#listeners) listener(news);
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

  /** @returns whether it changed anything. */
  #take({ kind, target, version, expires_at: expiresAt }: LiveRevocation): boolean {
    if (kind === 'subject') {
      const known = this.#subjects.get(target);
      const raised = {
        version: Math.max(version ?? everyVersion, known?.version ?? 0),
        expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0),
      };
      this.#subjects.set(target, raised);
      return raised.version !== known?.version || raised.expiresAt !== known.expiresAt;
    }
    const held = kind === 'session' ? this.#sessions : this.#tokens;
    const known = held.get(target) ?? 0;
    if (expiresAt <= known) return false;
    held.set(target, expiresAt);
    return true;
  }
}
