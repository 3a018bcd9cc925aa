import { createHash } from 'node:crypto';
import type { RevocationKind } from '../database/schema.js';
import type { RevocationPlace } from '../revocations/revocations.store.js';

/** How far a reader of the feed has come. Times are milliseconds since the Unix epoch, of those who wrote the rows. */
export interface FeedCursor {
  /** What was written before, the reader has; what was written about then may have been committed since. */
  readonly since: number;
  /** Where the next page begins; undefined: the reader has had the last one. */
  readonly after?: RevocationPlace;
}

const version = 1;

/**
 * Writes cursors, and reads those that this installation wrote: readers keep them as they are.
 * @param issuer whose revocations they are about.
 */
export class FeedCursors {
  readonly #origin: string;

  constructor(issuer: string) {
    this.#origin = createHash('sha256').update(issuer).digest('base64url').slice(0, 8);
  }

  write({ since, after }: FeedCursor): string {
    const parts = [
      version,
      this.#origin,
      since,
      ...(after ? [after.created_at, after.kind, after.target] : []),
    ];
    return Buffer.from(JSON.stringify(parts)).toString('base64url');
  }

  /** @returns undefined for a text that is none of this installation's cursors. */
  parse(text: string): FeedCursor | undefined {
    const parts = parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(parts)) return undefined;
    const [ofVersion, origin, since, createdAt, kind, target] = parts as unknown[];
    if (ofVersion !== version || origin !== this.#origin || !isTimestamp(since)) return undefined;
    if (parts.length === 3) return { since };
    if (parts.length !== 6 || !isTimestamp(createdAt) || !isKind(kind) || !isTarget(target)) return undefined;
    return { since, after: { created_at: createdAt, kind, target } };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // no cursor, as the caller is told
  }
}

function isTimestamp(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** As the contract has it in `RevocationEntry`; PostgreSQL's text cannot hold every other. */
function isTarget(value: unknown): value is string {
  return typeof value === 'string' && /^[ -~]{1,200}$/.test(value);
}

function isKind(value: unknown): value is RevocationKind {
  return value === 'session' || value === 'token' || value === 'subject';
}
