// The worker thread that writes to SQLite files, so that the event loop does not wait for the disk. sqlite-writer.ts is its
// counterpart on the service's thread.
import { parentPort, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { toErrorData, isBusy, type SqliteErrorData } from './sqlite-errors.js';
import { openSqlite, Statements, type Executed, type Row, type Statement } from './sqlite.js';

/** Asks the thread to open a file, and to receive its jobs on a port. */
export interface OpenRequest {
  readonly file: string;
  /** How long to wait for another process's lock, in milliseconds. */
  readonly busyTimeout: number;
  readonly port: MessagePort;
}

/** If it is required and returns no row, its batch stops there, and is rolled back. */
export interface RequiredStatement extends Statement {
  readonly required: boolean;
}

/** A job that begins something. A single statement is its own transaction, and so is a batch. */
type Start =
  | { readonly does: 'execute'; readonly statement: Statement }
  | { readonly does: 'batch'; readonly statements: readonly RequiredStatement[] }
  | { readonly does: 'begin' | 'close' };
/** A step of a transaction, which is identified by the id of its `begin`. */
type Step = { readonly transaction: number } & (
  | { readonly does: 'execute'; readonly statement: Statement }
  | { readonly does: 'commit' | 'rollback' }
);
export type WriterRequest = Start | Step;

/** A message is an array of jobs, or of responses: one for each job. */
export type Job = WriterRequest & { readonly id: number };
/** For a batch, `each` has the rows of each statement, up to a required one without rows. */
export type Outcome = (Executed & { readonly each?: readonly Row[][] }) | { readonly error: SqliteErrorData };
export type WriterResponse = Outcome & { readonly id: number };

/** A group this large or this old is committed even if more jobs are waiting. */
const maxGroupSize = 512;
const maxGroupAge = 10; // milliseconds

/**
 * Runs the transactions of one file one after another, in the order in which they arrive. For speed, transactions that
 * are waiting when one ends share its commit (group commit): a refresh's statement runs 229,669 times a second with 64 in a
 * commit, and 4,427 times with a commit each (`npm run bench -- refresh-sqlite`). The responses are sent after the commit. If one fails, only
 * that one is rolled back, to its savepoint.
 */
class Writer {
  readonly #file: string;
  readonly #busyTimeout: number;
  readonly #port: MessagePort;
  #connection: { readonly database: DatabaseSync; readonly statements: Statements } | undefined;
  #waiting: (Start & { readonly id: number })[] = [];
  /** Responses of jobs that are done but not committed. */
  #responses: WriterResponse[] = [];
  #groupBegan = 0;
  /** The id of the transaction that has begun and not ended. */
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

  /** @returns whether a message had arrived. */
  #receiveNext(): boolean {
    const received: { readonly message: readonly Job[] } | undefined = receiveMessageOnPort(this.#port);
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
      if (!isOpen) throw new Error('The transaction has ended.');
      if (!this.#isInGroup) {
        if (job.does === 'rollback') return { rows: [] };
        throw new Error('SQLite has rolled back the transaction.');
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
        if (statement.required && rows.length === 0) {
          this.#execute('rollback to one');
          break;
        }
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
      const data = toErrorData(error);
      // A full disk, or another process's lock: SQLite rolled back the whole group, and the waiting jobs have waited as
      // long as this one.
      if (!this.#isInGroup && data.errcode !== undefined) this.#failGroup(data);
      return { error: data };
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
    // A deferred transaction fails at once if another process writes between its first read and its first write; an
    // immediate one waits for the lock.
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

  #failGroup(data: SqliteErrorData): void {
    // Jobs that arrived while this one waited for another process must not wait as long again.
    if (isBusy(data)) while (this.#receiveNext());
    const failed = [...this.#responses, ...this.#waiting.filter(({ does }) => does !== 'close')];
    this.#responses = failed.map(({ id }) => ({ id, error: data }));
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
