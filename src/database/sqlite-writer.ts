import { resolve as resolvePath } from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { DatabaseUnavailable } from './database-unavailable.js';
import { BatchQueue } from './batch-queue.js';
import { toDatabaseError } from './sqlite-errors.js';
import { createThreadError, type StartError } from '../start-error.js';
import type {
  WriterResponse,
  Job,
  OpenRequest,
  Outcome,
  RequiredStatement,
  WriterRequest,
} from './sqlite-writer-thread.js';
import type { Executed, Row, Statement } from './sqlite.js';

const purpose = 'writes to the SQLite file';
/** Responses that are settled in one turn of the event loop; each causes a fraction of a millisecond of work. */
const responsesPerTurn = 6;

type Success = Exclude<Outcome, { readonly error: unknown }>;

interface Pending {
  readonly resolve: (result: Success) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly files: Set<string>;
}

/**
 * One for all files of the process (several only in tests). An error that ends a thread also ends the process, unless the
 * thread has not started.
 */
const threads: Thread[] = [];

/**
 * A thread waits for another connection's lock, so that a connection to the same file needs a thread of its own: in one, the
 * commit that ends the lock would wait behind it.
 */
function findThread(file: string): Thread {
  const free = threads.find(({ files }) => !files.has(file));
  if (free) return free;
  const thread = { worker: startThread(), files: new Set<string>() };
  thread.worker.unref();
  // One for each file.
  thread.worker.setMaxListeners(0);
  threads.push(thread);
  return thread;
}

function startThread(): Worker {
  try {
    return new Worker(new URL('./sqlite-writer-thread.js', import.meta.url), { name: 'sqlite-writer' });
  } catch (error) {
    throw createThreadError(purpose, error);
  }
}

/**
 * Writes to a SQLite file in a worker thread, for speed: waiting for the disk does not block the event loop, and with
 * an fsync of 10 ms the median of GET /protected is 0.17 ms under refreshes as without (`npm run bench -- refresh-sqlite`).
 * Jobs that arrive during a commit share the next one. A promise resolves after its commit is on the disk.
 *
 * Every method rejects with `DatabaseUnavailable` if the file cannot be written now, otherwise with SQLite's error and its
 * `errcode`.
 */
export class SqliteWriter {
  readonly #file: string;
  readonly #thread: Thread;
  readonly #port: MessagePort;
  readonly #pending = new Map<number, Pending>();
  readonly #jobs = new BatchQueue<Job>((jobs) => {
    this.#port.postMessage(jobs);
  });
  /** Received, but not settled yet. */
  readonly #responses: WriterResponse[] = [];
  #lastId = 0;
  #isClosed = false;
  #hasStarted = false;
  /** Why the thread could not be started. */
  #failure: StartError | undefined;

  /**
   * @param busyTimeout how long to wait for another process's lock, in milliseconds.
   * @param onUnavailable is called for each job that rejects with `DatabaseUnavailable`.
   * @throws {StartError} where the thread cannot be started, as every method may, too.
   */
  constructor(
    file: string,
    busyTimeout: number,
    private readonly onUnavailable: (error: DatabaseUnavailable) => void = () => undefined,
  ) {
    const { port1, port2 } = new MessageChannel();
    const opening: OpenRequest = { file, busyTimeout, port: port2 };
    this.#file = resolvePath(file);
    this.#thread = findThread(this.#file);
    this.#thread.files.add(this.#file);
    this.#thread.worker.postMessage(opening, [port2]);
    this.#thread.worker.on('error', this.#fail);
    this.#port = port1;
    port1.on('message', (responses: readonly WriterResponse[]) => {
      this.#hasStarted = true;
      const isIdle = this.#responses.length === 0;
      this.#responses.push(...responses);
      if (isIdle) this.#settleSome();
    });
    port1.unref();
  }

  /** @param transaction undefined: the statement is its own transaction. */
  execute(statement: Statement, transaction?: number): Promise<Executed> {
    return this.#ask(
      transaction === undefined
        ? { does: 'execute', statement }
        : { does: 'execute', transaction, statement },
    );
  }

  /**
   * Executes statements as one transaction and one message.
   * @returns the rows of each; undefined if a required statement returned none, and nothing was done.
   */
  async executeBatch(statements: readonly RequiredStatement[]): Promise<readonly Row[][] | undefined> {
    const { each = [] } = await this.#ask({ does: 'batch', statements });
    return each.length === statements.length ? each : undefined;
  }

  /** Begins a transaction after earlier ones have ended. @returns its id. */
  async begin(): Promise<number> {
    const id = this.#lastId + 1;
    await this.#ask({ does: 'begin' });
    return id;
  }

  /** Ends a transaction. When this resolves, everything the transaction read is committed, even after a rollback. */
  async end(transaction: number, how: 'commit' | 'rollback'): Promise<void> {
    await this.#ask({ does: how, transaction });
  }

  /** Resolves when all earlier jobs are done and the file is closed. */
  async close(): Promise<void> {
    if (this.#failure) return;
    const closed = this.#ask({ does: 'close' });
    this.#isClosed = true;
    await closed;
    this.#thread.files.delete(this.#file);
    this.#thread.worker.off('error', this.#fail);
    this.#port.close();
  }

  readonly #fail = (error: Error): void => {
    if (this.#hasStarted) throw error;
    const index = threads.indexOf(this.#thread);
    if (index >= 0) threads.splice(index, 1);
    this.#failure = createThreadError(purpose, error);
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    this.#port.close();
  };

  #ask(request: WriterRequest): Promise<Success> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#isClosed) return Promise.reject(new DatabaseUnavailable('the database is closed'));
    const id = ++this.#lastId;
    // A step of a transaction is urgent: all other jobs wait until the transaction ends.
    this.#jobs.add({ ...request, id }, 'transaction' in request);
    this.#port.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** A commit brings many responses at once; settling a few per turn lets other requests run in between. */
  readonly #settleSome = (): void => {
    for (const response of this.#responses.splice(0, responsesPerTurn)) this.#settle(response);
    if (this.#responses.length > 0) setImmediate(this.#settleSome);
  };

  #settle(response: WriterResponse): void {
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if (this.#pending.size === 0) this.#port.unref();
    if ('error' in response) {
      const error = toDatabaseError(response.error);
      if (error instanceof DatabaseUnavailable) this.onUnavailable(error);
      pending?.reject(error);
    } else pending?.resolve(response);
  }
}
