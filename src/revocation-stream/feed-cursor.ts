import { createHash } from 'node:crypto';
import type { RevocationKind } from '../database/schema.js';
import type { RevocationPlace } from '../revocations/revocations.store.js';

/** A reader's position in the feed. Times are milliseconds since the Unix epoch, by the clock that wrote the row. */
export interface FeedCursor {
  /** The reader has all rows written earlier; rows written around that time may have been committed since. */
  readonly since: number;
  /** The row that the next page comes after; undefined: the reader has read the last page. */
  readonly after?: RevocationPlace;
}

const version = 1;

/**
 * Writes cursors, and parses those that this installation wrote. To readers they are opaque.
 * @param issuer the issuer whose revocations the feed has; a cursor of another one is refused.
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

  /** @returns undefined for a text that is not one of this installation's cursors. */
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
    return undefined; // not a cursor
  }
}

function isTimestamp(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The contract's pattern in `RevocationEntry`. PostgreSQL's text type cannot hold every other string. */
function isTarget(value: unknown): value is string {
  return typeof value === 'string' && /^[ -~]{1,200}$/.test(value);
}

function isKind(value: unknown): value is RevocationKind {
  return value === 'session' || value === 'token' || value === 'subject';
}
