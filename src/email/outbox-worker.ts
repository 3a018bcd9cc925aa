import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { serviceActor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { leasesStore } from '../database/leases.store.js';
import type { OutboxRow } from '../database/schema.js';
import { MessageRefused, ServerFailure, type MailConnection, type MailSender } from './mail-sender.js';
import type { Message } from './messages/message.js';
import { TemplateError } from './messages/message-templates.js';
import type { Outbox } from './outbox.js';
import { outboxStore } from './outbox.store.js';

/** Milliseconds that a process has the outbox for, unless it renews: after its end another one goes on so much later. */
const holdTime = 60_000;
const renewInterval = 15_000;
/** How many messages are read at a time. */
const batchSize = 50;
/** How many messages get the reason why the server takes none: an operator sees the newest first, and one statement must not be slow. */
const maxMarkedMessages = 1000;
/** Milliseconds. A server that greylists takes a message after some minutes. */
const firstMessageWait = 30_000;
const maxMessageWait = 3_600_000;
/** Milliseconds, where no message gets through. */
const firstServerWait = 1000;
const maxServerWait = 300_000;
/** Milliseconds between two lines of the log. */
const logInterval = 60_000;

/** What became of messages, since the start. */
export type MailOutcome = 'sent' | 'deferred' | 'given_up';

/**
 * Sends what is in the outbox, in one process of the fleet at a time. A message is marked as soon as the server has taken it;
 * where this process ends in between, or the server's reply does not arrive, it is sent again: SMTP does not tell whether it
 * was taken (RFC 5321 §6.1), and its `Message-ID` stays the same.
 */
export class OutboxWorker {
  readonly #holder = randomUUID();
  readonly #counts: Record<MailOutcome, number> = { sent: 0, deferred: 0, given_up: 0 };
  #running: Promise<void> | undefined;
  #isStopping = false;
  #isLost = false;
  /** The first attempt of a process waits for no earlier failure: its settings may be those that mend it. */
  #isFirstAttempt = true;
  #lastLogged = -Infinity;
  #nextDue: number | undefined;
  /** Sent, but not marked yet, because the database did not take it. */
  readonly #unmarked = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly outbox: Outbox,
    /** Undefined: messages stay where they are. */
    private readonly sender: MailSender | undefined,
  ) {}

  get outcomes(): Readonly<Record<MailOutcome, number>> {
    return this.#counts;
  }

  /** By how much the message that has waited longest is late, in milliseconds; undefined where nothing is sent. */
  get lag(): number | undefined {
    if (!this.sender) return undefined;
    return this.#nextDue === undefined ? 0 : Math.max(0, this.clock.now() - this.#nextDue);
  }

  /** Sends what is due. To be called about once a second; resolves at once while an earlier call is at work. */
  async run(): Promise<void> {
    if (!this.sender || this.#running || this.#isStopping) return;
    this.#running = this.#run(this.sender);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Resolves when the message that is being sent has been. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // What has failed is in the log of its own call.
    await this.#running?.catch(() => undefined);
  }

  async #run(sender: MailSender): Promise<void> {
    this.#nextDue = await outboxStore.findNextDue(this.database.queries);
    if (this.#nextDue === undefined || this.#nextDue > this.clock.now()) return;
    const lease = await leasesStore.claim(this.database.queries, this.#hold(holdTime), {
      isAlone: !this.database.isShared,
      ignoresPause: this.#isFirstAttempt,
    });
    if (!lease) return;
    this.#isFirstAttempt = false;
    this.#isLost = false;
    const renewal = setInterval(() => {
      void this.#renew();
    }, renewInterval);
    const connection = new LazyConnection(sender);
    try {
      await this.#sendAll(connection);
      await this.#release(0, 0);
    } catch (error) {
      if (!(error instanceof ServerFailure)) {
        await this.#release(firstServerWait, lease.failures).catch(() => undefined);
        throw error;
      }
      this.#counts.deferred += 1;
      await outboxStore.noteServerFailure(this.database.queries, this.#self, {
        now: this.database.now(this.clock),
        reason: error.message,
        limit: maxMarkedMessages,
      });
      const failures = lease.failures + 1;
      await this.#release(Math.min(firstServerWait * 2 ** (failures - 1), maxServerWait), failures);
      this.#noteFailure(error, failures);
    } finally {
      clearInterval(renewal);
      connection.close();
    }
  }

  async #sendAll(connection: LazyConnection): Promise<void> {
    for (;;) {
      const due = await outboxStore.listDue(this.database.queries, this.database.now(this.clock), batchSize);
      for (const row of due) {
        if (this.#isStopping || !(await this.#renew())) return;
        await this.#handle(row, connection);
      }
      if (due.length < batchSize) return;
    }
  }

  async #handle(row: OutboxRow, connection: LazyConnection): Promise<void> {
    if (row.address === '') {
      await outboxStore.delete(this.database.queries, row.id);
      return;
    }
    const attempts = row.attempts + 1;
    if (row.expires_at <= this.clock.now()) {
      await this.#giveUp(row, row.last_error ?? 'It has expired.');
      return;
    }
    try {
      if (!this.#unmarked.has(row.id)) await this.#send(row, connection);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      if (error.isFinal) await this.#giveUp({ ...row, attempts }, error.message);
      else await this.#defer({ ...row, attempts }, error.message);
      return;
    }
    await outboxStore.finish(this.database.queries, row.id, this.#self, {
      state: 'sent',
      attempts,
      done_at: this.clock.now(),
      last_error: null,
    });
    this.#unmarked.delete(row.id);
  }

  async #send(row: OutboxRow, connection: LazyConnection): Promise<void> {
    const message = await this.#render(row);
    if (!message) return;
    await connection.send({ ...message, id: row.id, to: row.address, date: row.created_at });
    this.#unmarked.add(row.id);
    this.#counts.sent += 1;
  }

  /** Others must not wait for a message whose template fails. */
  async #render(row: OutboxRow): Promise<Message | undefined> {
    try {
      return await this.outbox.render(this.database.queries, row);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.log.error({ event: 'template_failed', message: row.id, err: error }, error.message);
      throw new MessageRefused(error.message, false, { cause: error });
    }
  }

  async #defer(row: OutboxRow, reason: string): Promise<void> {
    const wait = Math.min(firstMessageWait * 2 ** (row.attempts - 1), maxMessageWait);
    this.#counts.deferred += 1;
    await outboxStore.postpone(this.database.queries, row.id, this.#self, {
      attempts: row.attempts,
      due_at: Math.min(this.clock.now() + wait, row.expires_at),
      last_error: reason,
    });
  }

  async #giveUp(row: OutboxRow, reason: string): Promise<void> {
    const isHeld = await this.database.transaction(async (transaction) => {
      const isMarked = await outboxStore.finish(transaction, row.id, this.#self, {
        state: 'given_up',
        attempts: row.attempts,
        done_at: this.clock.now(),
        last_error: reason,
      });
      if (isMarked) {
        await auditStore.add(transaction, this.clock, {
          event: 'message_given_up',
          actor: serviceActor,
          target: row.user_id === null ? undefined : { kind: 'user', id: row.user_id },
          details: { message: row.id, template: row.template, attempts: row.attempts, reason },
        });
      }
      return isMarked;
    });
    if (!isHeld) return;
    this.#counts.given_up += 1;
    this.log.warn(
      { event: 'message_given_up', message: row.id, template: row.template, reason },
      'a message was given up',
    );
  }

  /** @returns false if another process has the outbox now. */
  async #renew(): Promise<boolean> {
    if (this.#isLost) return false;
    const isHeld = await leasesStore
      .renew(this.database.queries, this.#hold(holdTime))
      // Marking the message will report the database's error.
      .catch(() => true);
    this.#isLost = !isHeld;
    return isHeld;
  }

  #release(time: number, failures: number): Promise<void> {
    return leasesStore.release(this.database.queries, { ...this.#hold(time), failures });
  }

  #noteFailure(error: ServerFailure, failures: number): void {
    if (this.clock.now() - this.#lastLogged < logInterval) return;
    this.#lastLogged = this.clock.now();
    this.log.warn(
      { event: 'mail_failed', failures, reason: error.message },
      'the mail server takes no messages, and is tried again',
    );
  }

  get #self() {
    return { holder: this.#holder };
  }

  #hold(time: number) {
    return { name: 'mail', holder: this.#holder, now: this.database.now(this.clock), time } as const;
  }
}

/** Opened for the first message, and again for the next one after an error. */
class LazyConnection {
  #open: MailConnection | undefined;

  constructor(private readonly sender: MailSender) {}

  async send(message: Parameters<MailConnection['send']>[0]): Promise<void> {
    this.#open ??= await this.sender.connect();
    try {
      await this.#open.send(message);
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }
}
