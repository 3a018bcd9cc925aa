// Each row of the audit commits with the change that it tells of, outside the chain: a change that had to wait for the one
// before it would take turns with all others. Later, one process at a time gives the committed rows their places, in batches.
// The head moves in the same transaction, and only from where this process has read it: of two processes that chain the same
// rows one fails, and one that is killed has changed nothing.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { AuditHeadRow, AuditRow } from '../database/schema.js';
import { serviceActor } from './actor.js';
import { auditChainStore, type ChainPlace } from './audit-chain.store.js';
import { computeRowHash, firstHash } from './audit-hash.js';
import { formatDay, signHead, signSeal, verifyHead, type SealKeys } from './audit-seals.js';
import { auditStore, type AuditEntry } from './audit.store.js';

/** Chained in one transaction of a few milliseconds. */
export const rowsPerStep = 200;
/** Maximum pause between two steps, in milliseconds. */
const maxPause = 50;
/** After so many steps that another process was faster at, the rest is left to that one. */
const maxLost = 5;

/** Something that is wrong with the head, for the audit and for the log. */
interface Finding {
  readonly event: 'audit_seal_unverified' | 'audit_set_back';
  readonly day: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const descriptions: Readonly<Record<Finding['event'], string>> = {
  audit_seal_unverified:
    'no key on the ring verifies the head of the audit: its key was revoked, or somebody has written to the database',
  audit_set_back:
    'the audit ends before a place that this process knows it to have had: the database has lost commits, or somebody has written to it',
};

/** Puts the rows of the audit into a chain, in which each row's hash covers the one before. */
export class AuditChain {
  /** As this process last read or wrote it. */
  #head: AuditHeadRow | undefined;
  /** The last head that this process has signed, verified or reported. */
  #known: AuditHeadRow | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly keys: SealKeys,
    private readonly log: Logger,
  ) {}

  /** Chains all rows that are committed, where there is a key to sign the head with. With no row for a day, the head is signed again, and the day before is sealed. */
  async run(): Promise<void> {
    // A command on an installation that was never started: the first start has a key, and chains what the command wrote.
    if (!this.keys.canSign()) return;
    for (let lost = 0; lost < maxLost;) {
      const began = performance.now();
      const chained = await this.#step();
      if (chained === undefined) lost += 1;
      else if (chained < rowsPerStep) return;
      await wait(Math.min(performance.now() - began, maxPause));
    }
  }

  /** @returns how many rows it has chained; undefined where another process has moved the head. */
  async #step(): Promise<number | undefined> {
    const { database, clock } = this;
    const { queries } = database;
    const now = clock.now();
    // Before the rows: those that another process chains in between have moved the head.
    const head = (this.#head ??= await auditChainStore.findHead(queries));
    const finding = await this.#checkHead(head);
    // In the batch that signs the next head: on its own, it could be deleted before it is chained.
    const reports = finding ? [auditStore.createRow(toEntry(finding), now)] : [];
    const rows = [
      ...reports,
      ...(await auditChainStore.listUnchained(queries, rowsPerStep - reports.length)),
    ];
    // A clock that was set back must not go back to a day that is sealed.
    const day = head && head.day > formatDay(now) ? head.day : formatDay(now);
    if (rows.length === 0 && (!head || head.day === day)) return 0;
    const { places, next } = this.#extend(head, rows, { day, now });
    const moved = await this.#forgetOnError(
      database.batch([
        { query: auditChainStore.prepareMove(queries, head, next), required: true },
        ...(head && head.day !== day
          ? [{ query: auditChainStore.prepareSeal(queries, signSeal(this.keys, head)) }]
          : []),
        ...reports.map((row) => ({ query: auditStore.prepareAddRow(queries, row) })),
        ...(places.length > 0 ? [{ query: auditChainStore.prepareChaining(queries, places) }] : []),
      ]),
    );
    this.#head = moved ? next : undefined;
    if (!moved) return undefined;
    this.#known = next;
    if (finding) {
      const { event, details } = finding;
      this.log.error({ event, ...details }, descriptions[event]);
    }
    return places.length;
  }

  #extend(
    head: AuditHeadRow | undefined,
    rows: readonly Omit<AuditRow, 'sequence' | 'hash'>[],
    { day, now }: { readonly day: string; readonly now: number },
  ): { readonly places: ChainPlace[]; readonly next: AuditHeadRow } {
    let { sequence, hash } = head ?? { sequence: 0, hash: firstHash };
    const places = rows.map((row): ChainPlace => {
      sequence += 1;
      hash = computeRowHash(hash, { ...row, sequence });
      return { id: row.id, sequence, hash };
    });
    const { base_sequence, base_hash } = head ?? { base_sequence: 0, base_hash: firstHash };
    const at = Math.max(now, head?.at ?? 0);
    return { places, next: signHead(this.keys, { day, at, sequence, hash, base_sequence, base_hash }) };
  }

  /** It may have been committed, or not. */
  async #forgetOnError<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#head = undefined;
      throw error;
    }
  }

  /**
   * Finds out whether the chain may go on from a head without a word: the signature that follows would make it look as if it had
   * always been right.
   */
  async #checkHead(head: AuditHeadRow | undefined): Promise<Finding | undefined> {
    const known = this.#known;
    if (head && head.signature === known?.signature) return undefined;
    if (!head) return known && createSetBack(known, 0);
    let verdict = verifyHead(this.keys, head);
    if (verdict !== 'valid') {
      await this.keys.reload();
      verdict = verifyHead(this.keys, head);
    }
    if (verdict !== 'valid') {
      const { day, sequence, key_id } = head;
      return { event: 'audit_seal_unverified', day, details: { day, sequence, key_id, reason: verdict } };
    }
    if (known && isBehind(head, known)) return createSetBack(known, head.sequence);
    this.#known = head;
    return undefined;
  }
}

function createSetBack({ day, sequence, hash }: AuditHeadRow, found: number): Finding {
  return { event: 'audit_set_back', day, details: { day, sequence, hash, found } };
}

/** Whether the chain ends before a head that it has had, or goes on from there in another way. */
function isBehind({ sequence, hash }: AuditHeadRow, known: AuditHeadRow): boolean {
  return sequence < known.sequence || (sequence === known.sequence && hash !== known.hash);
}

function toEntry({ event, day, details }: Finding): AuditEntry {
  return { event, actor: serviceActor, target: { kind: 'audit', id: day }, details };
}
