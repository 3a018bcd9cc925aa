import { auditChainStore } from '../audit/audit-chain.store.js';
import { auditListStore, type ChainedRow, type ChainPosition } from '../audit/audit-list.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { nextTurn } from '../event-loop.js';
import { StreamLimit } from '../http/stream-limit.js';
import type { Revocations } from '../revocations/revocations.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { AuditReader } from './audit-reader.js';

/** What comes as one event. */
export interface AuditStreamPart {
  readonly rows: readonly ChainedRow[];
  /** The reader's position after it. */
  readonly id: string;
}

/** One reader's subscription to the stream. */
interface AuditSubscription {
  /** Ends when the reader's token stops working, the reader leaves, or the process stops. */
  readonly parts: AsyncGenerator<AuditStreamPart>;
  /** Aborted when the reader does not keep up. */
  readonly tooSlow: AbortSignal;
  /** To be called when the reader leaves. */
  readonly leave: () => void;
}

interface AuditStreamOptions {
  /** Maximum number of open streams. */
  readonly maxReaders: number;
  /** By how much the clocks of the machines that issue and check tokens may differ, in seconds. */
  readonly leeway: number;
}

const maxReadersPerSubject = 10;
const rowsPerPart = 100;
/** Milliseconds. */
const heartbeatInterval = 10_000;
const start: ChainPosition = { sequence: 0, hash: '' };

/**
 * Sends the rows of the chain to readers as they are chained. A reader is a position in the chain, and reads the table from
 * there: nothing is kept in memory for it, and any replica continues where another one ended.
 */
export class AuditStream {
  readonly #readers = new Set<AuditReader>();
  readonly #limit: StreamLimit;
  #head = 0;
  #lastHeartbeat = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly revocations: Pick<Revocations, 'isRevoked'>,
    private readonly options: AuditStreamOptions,
  ) {
    this.#limit = new StreamLimit({ max: options.maxReaders, maxPerSubject: maxReadersPerSubject });
  }

  /**
   * @param lastId the id of the last part that the reader has; `0`: it wants everything; undefined: what happens from now on.
   * @param claims those of the reader's access token: the stream ends when it stops working.
   * @throws {Problem} `busy`, `too_many_streams`, `not_ready`; see `StreamLimit`.
   */
  follow(lastId: string | undefined, claims: AccessTokenClaims): AuditSubscription {
    const close = this.#limit.open(claims.sub);
    const reader = new AuditReader();
    this.#readers.add(reader);
    const leave = (): void => {
      this.#readers.delete(reader);
      close();
      reader.end();
    };
    return { parts: this.#streamParts(reader, lastId, claims, leave), tooSlow: reader.tooSlow, leave };
  }

  /** Looks for new rows where there are readers, and sends heartbeats. To be called several times a second. */
  async poll(): Promise<void> {
    try {
      if (this.#readers.size > 0) await this.#findNews();
    } finally {
      this.#sendHeartbeats();
    }
  }

  async #findNews(): Promise<void> {
    const head = (await auditChainStore.findHead(this.database.queries)) ?? start;
    if (head.sequence === this.#head) return;
    // Set back: what a reader has is not in the chain any more. It begins again when it reconnects.
    if (head.sequence < this.#head) for (const reader of this.#readers) reader.end();
    this.#head = head.sequence;
    for (const reader of this.#readers) reader.notify();
  }

  #sendHeartbeats(): void {
    const now = this.clock.now();
    const elapsed = now - this.#lastHeartbeat;
    // The clock may have been set back.
    if (elapsed >= 0 && elapsed < heartbeatInterval) return;
    this.#lastHeartbeat = now;
    for (const reader of this.#readers) reader.heartbeat();
  }

  /** Ends all streams, and lets no new one begin. */
  stop(): void {
    this.#limit.stop();
    for (const reader of this.#readers) reader.end();
  }

  /** Number of open streams. */
  get readers(): number {
    return this.#readers.size;
  }

  async *#streamParts(
    reader: AuditReader,
    lastId: string | undefined,
    claims: AccessTokenClaims,
    leave: () => void,
  ): AsyncGenerator<AuditStreamPart> {
    const { queries } = this.database;
    const mayContinue = (): boolean => !reader.hasEnded && this.#isStillValid(claims);
    try {
      let { place, until } = await this.#findStart(lastId);
      // At once, so that the reader knows that it listens, and from where.
      if (mayContinue()) yield { rows: [], id: formatId(place) };
      while (mayContinue()) {
        // News wake all readers at once.
        await nextTurn();
        const isHeartbeatDue = reader.take();
        // What somebody has put behind the head is not in the chain.
        until = Math.max(until, this.#head);
        const rows = await auditListStore.listChained(queries, {
          after: place.sequence,
          until,
          limit: rowsPerPart,
        });
        if (!mayContinue()) return;
        place = rows.at(-1) ?? place;
        if (rows.length > 0 || isHeartbeatDue) yield { rows, id: formatId(place) };
        if (rows.length < rowsPerPart) await reader.waitForUpdate();
      }
    } finally {
      leave();
    }
  }

  /** @returns where the reader begins, and the last row of the chain now. */
  async #findStart(
    lastId: string | undefined,
  ): Promise<{ readonly place: ChainPosition; readonly until: number }> {
    const head = (await auditChainStore.findHead(this.database.queries)) ?? start;
    const place = lastId === undefined ? head : await this.#findPlace(lastId, head);
    return { place, until: head.sequence };
  }

  async #findPlace(lastId: string, head: ChainPosition): Promise<ChainPosition> {
    const [sequence, hash] = lastId.split('-');
    const read: ChainPosition = { sequence: Number(sequence), hash: hash ?? '' };
    // After a restore the chain goes on from an earlier place, and what the reader has read is not in it.
    if (read.sequence > head.sequence) return start;
    const found = await auditListStore.findPlace(this.database.queries, read.sequence);
    // Without a row: the retention has deleted it.
    return found && formatId(found) !== lastId ? start : read;
  }

  #isStillValid(claims: AccessTokenClaims): boolean {
    const expired = this.clock.now() >= (claims.exp + this.options.leeway) * 1000;
    return !expired && !this.revocations.isRevoked(claims);
  }
}

function formatId({ sequence, hash }: ChainPosition): string {
  return sequence === 0 ? '0' : `${sequence}-${hash.slice(0, 16)}`;
}
