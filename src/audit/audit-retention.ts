import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { runInBatches } from '../database/batches.js';
import type { Database } from '../database/database.js';
import type { AuditHeadRow, AuditSealRow } from '../database/schema.js';
import { serviceActor } from './actor.js';
import { auditChainStore } from './audit-chain.store.js';
import { computeRowHash } from './audit-hash.js';
import { formatDay, signHead, verifyHead, verifySeal, type SealKeys } from './audit-seals.js';
import { auditStore } from './audit.store.js';

/** Deletes the oldest rows of the audit, whole days at a time. The chain begins after them from then on, which its head states. */
export class AuditRetention {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly keys: SealKeys,
    private readonly log: Logger,
    /** Milliseconds; 0: rows are kept for ever. */
    private readonly maxAge: number,
  ) {}

  /** Deletes what is too old, and what an interrupted run has left or somebody has put before the beginning of the chain. */
  async run(): Promise<void> {
    const head = await auditChainStore.findHead(this.database.queries);
    if (!head) return;
    const base = (await this.#moveBase(head)) ?? head.base_sequence;
    await runInBatches(this.database, (queries, limit) => auditChainStore.deleteUntil(queries, base, limit));
  }

  /** @returns the row that the chain begins after; undefined where that stays as it is. */
  async #moveBase(head: AuditHeadRow): Promise<number | undefined> {
    if (this.maxAge === 0) return undefined;
    const { queries } = this.database;
    const oldest = this.clock.now() - this.maxAge;
    // The seal of a day says how the chain stood at its end: the day itself must be too old as a whole.
    const seal = await auditChainStore.findSealUntil(queries, formatDay(oldest - 86_400_000));
    if (!seal || seal.sequence <= head.base_sequence) return undefined;
    const doubt = await this.#findDoubt(seal, head, oldest);
    if (doubt !== undefined) {
      this.log.error(
        { event: 'audit_retention_stopped', day: seal.day, sequence: seal.sequence },
        `no row of the audit is deleted, because its oldest days are not as they were sealed: ${doubt}`,
      );
      return undefined;
    }
    const { day, at, sequence, hash } = head;
    const state = { day, at, sequence, hash, base_sequence: seal.sequence, base_hash: seal.hash };
    const next = signHead(this.keys, state);
    const moved = await this.database.batch([
      { query: auditChainStore.prepareMove(queries, head, next), required: true },
      { query: auditChainStore.prepareDeleteSeals(queries, seal.sequence) },
      {
        query: auditStore.prepareAdd(queries, this.clock, {
          event: 'audit_expired',
          actor: serviceActor,
          target: { kind: 'audit', id: seal.day },
          details: { through_sequence: seal.sequence, through_day: seal.day },
        }),
      },
    ]);
    return moved ? seal.sequence : undefined;
  }

  /**
   * Why rows must not be deleted up to a seal: a forged one would have the service itself remove what it is to keep.
   * @param oldest milliseconds since the Unix epoch: rows of a later time stay.
   */
  async #findDoubt(seal: AuditSealRow, head: AuditHeadRow, oldest: number): Promise<string | undefined> {
    if (verifySeal(this.keys, seal) === 'forged') return 'the signature of the seal is wrong';
    if (verifyHead(this.keys, head) !== 'valid') return 'no key on the ring verifies the head';
    const [last, following] = await auditChainStore.listChained(this.database.queries, {
      after: seal.sequence - 1,
      limit: 2,
    });
    if (last?.sequence !== seal.sequence || last.hash !== seal.hash)
      return 'the last row of the day has another hash';
    if (last.at > oldest) return 'the last row of the day is not that old';
    if (following && computeRowHash(seal.hash, following) !== following.hash)
      return 'the row after it does not follow it';
    return undefined;
  }
}
