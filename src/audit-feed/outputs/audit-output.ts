import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { auditChainStore } from '../../audit/audit-chain.store.js';
import { auditListStore, type ChainedRow } from '../../audit/audit-list.store.js';
import type { Clock } from '../../clock.js';
import type { Database } from '../../database/database.js';
import { auditOutputsStore, type OutputName, type OutputState } from './audit-outputs.store.js';
import { RetryLater } from './retry-later.js';

/** Takes rows to a receiver. */
export interface AuditSender {
  readonly name: OutputName;
  /** Maximum number of rows at a time. */
  readonly maxRows: number;
  /**
   * Resolves when the receiver has the rows, as far as its protocol tells.
   * @param stop aborted when the process stops.
   * @throws {RetryLater} where the receiver says when to try again.
   */
  send(rows: readonly ChainedRow[], stop: AbortSignal): Promise<void>;
}

/** How far a receiver is behind. */
export interface OutputLag {
  readonly name: OutputName;
  /** How many rows it does not have yet. */
  readonly rows: number;
  /** Failures since the last success. */
  readonly failures: number;
}

/** How far a receiver is, as this process last saw it. */
export interface OutputProgress {
  readonly name: OutputName;
  /** Age in milliseconds of the oldest row that it does not have; 0: it has all. */
  readonly lag: number;
  /** Failures since the last success. */
  readonly failures: number;
}

/** Milliseconds that a process has to send a batch. Longer than any sender takes. */
const holdTime = 60_000;
/** Milliseconds. */
const maxWait = 300_000;
/** Milliseconds between two lines of the log. */
const logInterval = 60_000;
/** Milliseconds before the first run of an output whose rows it also gets: the start of the service is among them. */
const firstLook = 60_000;

/**
 * Sends the chain to a receiver, in order and at least once. Where it has got to is in the database, and so is when the next
 * attempt is due: a restart and another replica go on from there.
 */
export class AuditOutput {
  readonly #holder = randomUUID();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  /** The first attempt of a process waits for no earlier failure: its settings may be those that mend it. */
  #isFirstAttempt = true;
  #lastLogged = -Infinity;
  /** When the oldest row that the receiver does not have was written, in milliseconds since the Unix epoch. */
  #waitingSince: number | undefined;
  #failures = 0;
  /** How many rows to send at a time: fewer after a failure, so that a batch that is too large for the receiver gets through. */
  #limit: number;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly sender: AuditSender,
  ) {
    this.#limit = sender.maxRows;
  }

  /**
   * Sends what there is. A receiver that fails is in the log once a minute, and is tried again after 1, 2, 4 … 300 seconds.
   * To be called several times a second; resolves at once while an earlier call is at work.
   */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = this.#run();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Interrupts what is being sent, and lets another replica send it. Resolves when nothing is at work. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The service stops.'));
    // What has failed is in the log of its own call.
    await this.#running?.catch(() => undefined);
  }

  get progress(): OutputProgress {
    const lag = this.#waitingSince === undefined ? 0 : Math.max(0, this.clock.now() - this.#waitingSince);
    return { name: this.sender.name, lag, failures: this.#failures };
  }

  async findLag(): Promise<OutputLag> {
    const { name } = this.sender;
    const { queries } = this.database;
    const head = await auditChainStore.findHead(queries);
    const state = await auditOutputsStore.find(queries, name);
    const rows = Math.max(0, (head?.sequence ?? 0) - (state?.sequence ?? 0));
    return { name, rows, failures: state?.failures ?? 0 };
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && (await this.#hasRows())) {
      const state = await auditOutputsStore.claim(this.database.queries, {
        ...this.#hold(holdTime),
        maxTime: maxWait,
        takesGivenUp: this.#isFirstAttempt,
      });
      if (state) this.#isFirstAttempt = false;
      if (!state || !(await this.#sendAll(state))) return;
    }
  }

  async #hasRows(): Promise<boolean> {
    const { queries } = this.database;
    const { name } = this.sender;
    const state = await auditOutputsStore.find(queries, name);
    if (!state) await auditOutputsStore.add(queries, name, this.clock.now() - firstLook);
    const { until } = await this.#findSpan();
    if (!state) return true;
    const after = state.sequence;
    const rows = after < until ? await auditListStore.listChained(queries, { after, until, limit: 1 }) : [];
    this.#noteProgress(rows, state.failures);
    return after !== until;
  }

  /** The rows that may be sent: what somebody has put behind the head is not in the chain. */
  async #findSpan(): Promise<{ readonly base: number; readonly until: number }> {
    const head = await auditChainStore.findHead(this.database.queries);
    return { base: head?.base_sequence ?? 0, until: head?.sequence ?? 0 };
  }

  /** @returns whether everything was sent. */
  async #sendAll({ sequence: from, failures }: OutputState): Promise<boolean> {
    const { queries } = this.database;
    const { base, until } = await this.#findSpan();
    for (let sequence = this.#noteSetBack(from, until) ? base : from; ;) {
      const rows = await auditListStore.listChained(queries, { after: sequence, until, limit: this.#limit });
      this.#noteProgress(rows, failures);
      const last = rows.at(-1);
      if (!last) {
        this.#noteGap(sequence, until);
        return this.#advance(until, 0);
      }
      this.#noteGap(sequence, (rows[0]?.sequence ?? 0) - 1);
      try {
        await this.sender.send(rows, this.#stop.signal);
      } catch (error) {
        this.#limit = Math.max(1, rows.length >> 1);
        await this.#giveUp(error, failures, sequence);
        return false;
      }
      ({ sequence } = last);
      if (!(await this.#advance(sequence, holdTime))) return false;
      if (failures > 0) this.#noteRecovery(failures);
      failures = 0;
      this.#limit = Math.min(this.#limit * 2, this.sender.maxRows);
    }
  }

  #advance(sequence: number, time: number): Promise<boolean> {
    return auditOutputsStore.advance(this.database.queries, { ...this.#hold(time), sequence });
  }

  async #giveUp(error: unknown, failuresBefore: number, sequence: number): Promise<void> {
    const isStopping = this.#stop.signal.aborted;
    const failures = isStopping ? failuresBefore : failuresBefore + 1;
    const asked = error instanceof RetryLater ? error.wait : 0;
    const time = isStopping ? 0 : Math.min(Math.max(1000 * 2 ** (failures - 1), asked), maxWait);
    const isHeld = await auditOutputsStore.giveUp(this.database.queries, { ...this.#hold(time), failures });
    // Another process has taken over: how that gets on is what counts.
    if (!isHeld) return;
    this.#failures = failures;
    const sinceLogged = this.clock.now() - this.#lastLogged;
    // The clock may have been set back.
    if (isStopping || (sinceLogged >= 0 && sinceLogged < logInterval)) return;
    this.#lastLogged = this.clock.now();
    const head = await auditChainStore.findHead(this.database.queries);
    this.log.warn(
      {
        event: 'audit_output_failed',
        output: this.sender.name,
        failures,
        after: sequence,
        behind: (head?.sequence ?? sequence) - sequence,
        err: error,
      },
      'the audit cannot be sent to its receiver, and is tried again',
    );
  }

  /** @param unsent rows that the receiver does not have, the oldest one first. */
  #noteProgress([oldest]: readonly ChainedRow[], failures: number): void {
    // A row that counts events is written up to a minute after the first one.
    this.#waitingSince = oldest && (oldest.last_at ?? oldest.at);
    this.#failures = failures;
  }

  #noteRecovery(failures: number): void {
    this.#lastLogged = -Infinity;
    this.log.info(
      { event: 'audit_output_recovered', output: this.sender.name, failures },
      'the audit is being sent to its receiver again',
    );
  }

  /** The chain was set back behind what was sent: the receiver gets it from its beginning, with what went on from there. */
  #noteSetBack(sent: number, last: number): boolean {
    if (sent <= last) return false;
    this.log.error(
      { event: 'audit_output_set_back', output: this.sender.name, sent, last },
      'the audit ends before what its receiver has of it, which gets all of it again: the database has lost commits, or somebody has written to it',
    );
    return true;
  }

  /** Rows that the retention deleted before they were sent. @param until the last that is missing. */
  #noteGap(sequence: number, until: number): void {
    const missing = until - sequence;
    if (missing <= 0) return;
    this.log.error(
      { event: 'audit_output_gap', output: this.sender.name, missing, after: sequence },
      'rows of the audit were deleted by the retention before their receiver had them',
    );
  }

  #hold(time: number) {
    return { name: this.sender.name, holder: this.#holder, now: this.database.now(this.clock), time };
  }
}
