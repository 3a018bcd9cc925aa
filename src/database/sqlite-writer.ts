import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { DatabaseUnavailable } from './database-unavailable.js';
import { BatchQueue } from './batch-queue.js';
import { toDatabaseError } from './sqlite-errors.js';
import type {
  WriterResponse,
  Job,
  OpenRequest,
  Outcome,
  RequiredStatement,
  WriterRequest,
} from './sqlite-writer-thread.js';
import type { Executed, Row, Statement } from './sqlite.js';

/** How many responses are handed on in one turn of the event loop: each is a millisecond's fraction of work. */
const responsesPerTurn = 6;

type Success = Exclude<Outcome, { readonly error: unknown }>;

interface Pending {
  readonly resolve: (done: Success) => void;
  readonly reject: (error: Error) => void;
}

/** One for all files of this process, which is one unless tests run. An error that ends it ends the process, too. */
let thread: Worker | undefined;

function openInThread(opening: OpenRequest): void {
  if (!thread) {
    thread = new Worker(new URL('./sqlite-writer-thread.js', import.meta.url), { name: 'sqlite-writer' });
    thread.unref();
  }
  thread.postMessage(opening, [opening.port]);
}

/**
 * Writes to a SQLite file in another thread: whoever waits for the disk does not hold the event loop. What is asked for
 * while a commit is under way shares the next one, and nothing resolves before it is committed, on the disk.
 *
 * Everything rejects with `DatabaseUnavailable` where the file cannot be written to now, else with SQLite's error and
 * its `errcode`.
 */
export class SqliteWriter {
  readonly #port: MessagePort;
  readonly #pending = new Map<number, Pending>();
  readonly #jobs = new BatchQueue<Job>((jobs) => {
    this.#port.postMessage(jobs);
  });
  /** What has come, and was not handed on yet. */
  readonly #responses: WriterResponse[] = [];
  #lastId = 0;
  #isClosed = false;

  /**
   * @param busyTimeout how long another process is waited for that writes to the file, in milliseconds.
   * @param onUnavailable is told of each that rejects with `DatabaseUnavailable`.
   */
  constructor(
    file: string,
    busyTimeout: number,
    private readonly onUnavailable: (error: DatabaseUnavailable) => void = () => undefined,
  ) {
    const { port1, port2 } = new MessageChannel();
    openInThread({ file, busyTimeout, port: port2 });
    this.#port = port1;
    port1.on('message', (responses: readonly WriterResponse[]) => {
      const isIdle = this.#responses.length === 0;
      this.#responses.push(...responses);
      if (isIdle) this.#settleSome();
    });
    port1.unref();
  }

  /** @param transaction undefined: the statement is one of its own. */
  execute(statement: Statement, transaction?: number): Promise<Executed> {
    return this.#ask(
      transaction === undefined
        ? { does: 'execute', statement }
        : { does: 'execute', transaction, statement },
    );
  }

  /**
   * A transaction of these statements, executed without waiting for anything in between.
   * @returns the rows of each; undefined where one that is required gave none: it was the last.
   */
  async executeBatch(statements: readonly RequiredStatement[]): Promise<readonly Row[][] | undefined> {
    const { each = [] } = await this.#ask({ does: 'batch', statements });
    return each.length === statements.length ? each : undefined;
  }

  /** Begins a transaction, once those before it are over. @returns what it goes by. */
  async begin(): Promise<number> {
    const id = this.#lastId + 1;
    await this.#ask({ does: 'begin' });
    return id;
  }

  /** Ends a transaction. Of one that is rolled back, too, what it read is committed when this resolves. */
  async end(transaction: number, how: 'commit' | 'rollback'): Promise<void> {
    await this.#ask({ does: how, transaction });
  }

  /** Resolves when all that was asked for before is done, and the file is closed. */
  async close(): Promise<void> {
    const closed = this.#ask({ does: 'close' });
    this.#isClosed = true;
    await closed;
    this.#port.close();
  }

  #ask(request: WriterRequest): Promise<Success> {
    if (this.#isClosed) return Promise.reject(new DatabaseUnavailable('the database is closed'));
    const id = ++this.#lastId;
    // Everybody else waits for the end of a transaction.
    this.#jobs.add({ ...request, id }, 'transaction' in request);
    this.#port.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** A commit brings many responses at once: other requests are served between the work that they give. */
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
