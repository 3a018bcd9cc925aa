// The thread that writes to SQLite files, so that the service's own waits for no disk; sqlite-writer.ts is its other side.
import { parentPort, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { toErrorData, isBusy, type SqliteErrorData } from './sqlite-errors.js';
import { openSqlite, Statements, type Executed, type Row, type Statement } from './sqlite.js';

/** What the thread is given: a file, and the port by which it is asked to write to it. */
export interface OpenRequest {
  readonly file: string;
  /** How long another process is waited for that writes to the file, in milliseconds. */
  readonly busyTimeout: number;
  readonly port: MessagePort;
}

/** Where it gives no row, it is the last of its batch. */
export interface RequiredStatement extends Statement {
  readonly required: boolean;
}

/** What begins something; a statement alone is a transaction of its own, and so is a batch. */
type Start =
  | { readonly does: 'execute'; readonly statement: Statement }
  | { readonly does: 'batch'; readonly statements: readonly RequiredStatement[] }
  | { readonly does: 'begin' | 'close' };
/** A step of a transaction of several statements, which goes by the id of its `begin`. */
type Step = { readonly transaction: number } & (
  { readonly does: 'execute'; readonly statement: Statement } | { readonly does: 'commit' | 'rollback' }
);
export type WriterRequest = Start | Step;

/** A message is an array of these, or of responses: one to each. */
export type Job = WriterRequest & { readonly id: number };
/** Of a batch, the rows of each statement that was executed and not lacking. */
export type Outcome = (Executed & { readonly each?: readonly Row[][] }) | { readonly error: SqliteErrorData };
export type WriterResponse = Outcome & { readonly id: number };

/** A group that has become so large, or so old, is committed though more has come. */
const maxGroupSize = 512;
const maxGroupAge = 10; // milliseconds

/**
 * Writes to one file what it is asked to, one transaction after another, in the order in which they came. Those that
 * have come by the time that one is over share its commit, and before that none is answered. Where one fails, it alone
 * is undone.
 */
class Writer {
  readonly #file: string;
  readonly #busyTimeout: number;
  readonly #port: MessagePort;
  #connection: { readonly database: DatabaseSync; readonly statements: Statements } | undefined;
  #waiting: (Start & { readonly id: number })[] = [];
  /** To what is done, and not committed yet. */
  #responses: WriterResponse[] = [];
  #groupBegan = 0;
  /** The transaction of several statements that has begun, and not ended. */
  #open: number | undefined;

  constructor({ file, busyTimeout, port }: OpenRequest) {
    this.#file = file;
    this.#busyTimeout = busyTimeout;
    this.#port = port;
    port.on('message', (jobs: readonly Job[]) => {
      this.#receive(jobs);
      this.#work();
    });
  }

  #receive(jobs: readonly Job[]): void {
    for (const job of jobs) {
      if ('transaction' in job) this.#step(job);
      else this.#waiting.push(job);
    }
  }

  /** @returns whether a message had come. */
  #receiveNext(): boolean {
    const received = receiveMessageOnPort(this.#port) as { readonly message: readonly Job[] } | undefined;
    if (received) this.#receive(received.message);
    return received !== undefined;
  }

  #work(): void {
    while (this.#open === undefined) {
      if (this.#waiting.length === 0) {
        this.#receiveNext();
      }
      const job = this.#waiting.shift();
      const isOld =
        this.#responses.length >= maxGroupSize || performance.now() - this.#groupBegan > maxGroupAge;
      if (!job || isOld) this.#commitGroup();
      if (!job) return;
      this.#start(job);
    }
  }

  #start(job: Start & { readonly id: number }): void {
    const { id } = job;
    if (job.does === 'close') {
      this.#commitGroup();
      this.#connection?.database.close();
      this.#connection = undefined;
      this.#send([{ id, rows: [] }]);
      this.#port.close();
      return;
    }
    const outcome = this.#attempt(() => {
      this.#beginGroup();
      if (job.does === 'batch') return this.#executeBatch(job.statements);
      return this.#execute(job.does === 'execute' ? job.statement : 'savepoint one');
    });
    if (job.does === 'begin' && !('error' in outcome)) {
      this.#open = id;
      this.#send([{ id, ...outcome }]);
    } else {
      this.#responses.push({ id, ...outcome });
    }
  }

  #step(job: Step & { readonly id: number }): void {
    const { id } = job;
    const isOpen = job.transaction === this.#open;
    const outcome = this.#attempt(() => {
      if (!isOpen) throw new Error('The transaction is over.');
      if (!this.#isInGroup) {
        if (job.does === 'rollback') return { rows: [] };
        throw new Error('SQLite has undone the transaction.');
      }
      if (job.does === 'execute') return this.#execute(job.statement);
      if (job.does === 'rollback') this.#execute('rollback to one');
      return this.#execute('release one');
    });
    if (job.does === 'execute') {
      this.#send([{ id, ...outcome }]);
    } else {
      if (isOpen) this.#open = undefined;
      this.#responses.push({ id, ...outcome });
    }
  }

  #executeBatch(statements: readonly RequiredStatement[]): Outcome {
    const each: Row[][] = [];
    this.#execute('savepoint one');
    try {
      for (const statement of statements) {
        const { rows } = this.#execute(statement);
        if (statement.required && rows.length === 0) break;
        each.push(rows);
      }
    } catch (error) {
      if (this.#isInGroup) this.#execute('rollback to one');
      if (this.#isInGroup) this.#execute('release one');
      throw error;
    }
    this.#execute('release one');
    return { rows: [], each };
  }

  #attempt(work: () => Outcome): Outcome {
    try {
      return work();
    } catch (error) {
      const fault = toErrorData(error);
      // A full disk, or another process that does not let go of the file: nothing of the group is left, and what
      // waits has waited as long.
      if (!this.#isInGroup && fault.errcode !== undefined) this.#failGroup(fault);
      return { error: fault };
    }
  }

  get #isInGroup(): boolean {
    return this.#connection?.database.isTransaction ?? false;
  }

  #beginGroup(): void {
    if (this.#isInGroup) return;
    if (!this.#connection) {
      const database = openSqlite(this.#file, this.#busyTimeout);
      this.#connection = { database, statements: new Statements(database) };
    }
    // A transaction that reads before it takes the lock to write fails at once where another process wrote in between;
    // this one waits its turn.
    this.#execute('begin immediate');
    this.#groupBegan = performance.now();
  }

  #commitGroup(): void {
    try {
      if (this.#isInGroup) this.#execute('commit');
    } catch (error) {
      if (this.#isInGroup) this.#execute('rollback');
      this.#failGroup(toErrorData(error));
    }
    const responses = this.#responses;
    this.#responses = [];
    if (responses.length > 0) this.#send(responses);
  }

  #failGroup(fault: SqliteErrorData): void {
    // What came while another process was waited for must not wait for it once more, as long again.
    if (isBusy(fault)) while (this.#receiveNext());
    const failed = [...this.#responses, ...this.#waiting.filter(({ does }) => does !== 'close')];
    this.#responses = failed.map(({ id }) => ({ id, error: fault }));
    this.#waiting = this.#waiting.filter(({ does }) => does === 'close');
  }

  #execute(statement: Statement | string): Executed {
    if (!this.#connection) throw new Error('The file is not open.');
    return this.#connection.statements.execute(
      typeof statement === 'string' ? { sql: statement, parameters: [] } : statement,
    );
  }

  #send(responses: readonly WriterResponse[]): void {
    this.#port.postMessage(responses);
  }
}

parentPort?.on('message', (opening: OpenRequest) => new Writer(opening));
