// Each row of the audit commits with the change that it tells of, outside the chain: a change that had to wait for the one
// before it would take turns with all others. Later, one process at a time gives the committed rows their places, in batches.
// The head moves in the same transaction, and only from where this process has read it: of two processes that chain the same
// rows one fails, and one that is killed has changed nothing.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { AuditHeadRow } from '../database/schema.js';
import { serviceActor } from './actor.js';
import { auditChainStore, type ChainPlace } from './audit-chain.store.js';
import { computeRowHash, firstHash } from './audit-hash.js';
import { formatDay, signState, toSeal, verifySeal, type SealKeys } from './audit-seals.js';
import { auditStore } from './audit.store.js';

/** Chained in one transaction of a few milliseconds. */
export const rowsPerStep = 200;
/** Maximum pause between two steps, in milliseconds. */
const maxPause = 50;
/** After so many steps that another process was faster at, the rest is left to that one. */
const maxLost = 5;

/** Puts the rows of the audit into a chain, in which each row's hash covers the one before. */
export class AuditChain {
  /** As this process last read or wrote it. */
  #head: AuditHeadRow | undefined;
  /** The signature of the last head that was verified, or reported. */
  #judged: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly keys: SealKeys,
    private readonly log: Logger,
  ) {}

  /** Chains all rows that are committed, where there is a key to sign the head with. With no row for a day, the head is signed again and becomes the day's seal. */
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
    const now = clock.now();
    // Before the rows: those that another process chains in between have moved the head.
    const head = (this.#head ??= await auditChainStore.findHead(database.queries));
    if (head) await this.#judge(head);
    const rows = await auditChainStore.listUnchained(database.queries, rowsPerStep);
    // A clock that was set back must not go back to a day that is sealed.
    const day = head && head.day > formatDay(now) ? head.day : formatDay(now);
    if (rows.length === 0 && (!head || head.day === day)) return 0;
    let { sequence, hash } = head ?? { sequence: 0, hash: firstHash };
    const places = rows.map((row): ChainPlace => {
      sequence += 1;
      hash = computeRowHash(hash, { ...row, sequence });
      return { id: row.id, sequence, hash };
    });
    const { base_sequence, base_hash } = head ?? { base_sequence: 0, base_hash: firstHash };
    const at = Math.max(now, head?.at ?? 0);
    const next: AuditHeadRow = {
      name: 'head',
      ...signState(this.keys, { day, at, sequence, hash, base_sequence, base_hash }),
    };
    const { queries } = database;
    const moved = await this.#forgetOnError(
      database.batch([
        { query: auditChainStore.prepareMove(queries, head, next), required: true },
        ...(head && head.day !== day ? [{ query: auditChainStore.prepareSeal(queries, toSeal(head)) }] : []),
        ...(places.length > 0 ? [{ query: auditChainStore.prepareChaining(queries, places) }] : []),
      ]),
    );
    this.#head = moved ? next : undefined;
    if (!moved) return undefined;
    this.#judged = next.signature;
    return places.length;
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
   * Reports a head that no key on the ring has signed, in the audit itself: the signature that follows would otherwise make it
   * look as if it had always been right.
   */
  async #judge(head: AuditHeadRow): Promise<void> {
    if (head.signature === this.#judged) return;
    let verdict = verifySeal(this.keys, head);
    if (verdict !== 'valid') {
      await this.keys.reload();
      verdict = verifySeal(this.keys, head);
    }
    this.#judged = head.signature;
    if (verdict === 'valid') return;
    const { day, sequence, key_id } = head;
    const details = { day, sequence, key_id, reason: verdict };
    this.log.error(
      { event: 'audit_seal_unverified', ...details },
      'no key on the ring verifies the head of the audit: its key was revoked, or somebody has written to the database',
    );
    await auditStore.add(this.database.queries, this.clock, {
      event: 'audit_seal_unverified',
      actor: serviceActor,
      target: { kind: 'audit', id: day },
      details,
    });
  }
}
