import { channel } from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { retryLater } from '../problems/problem.js';

/** The cost parameters of argon2id (RFC 9106). */
export interface PasswordCosts {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** Computes the amount of a family of foreign hashes: with the user's own hash, where it is of this family, and the rest without. */
export interface FamilyCheck {
  readonly family: string;
  readonly amount: number;
  readonly password: string;
  /** The user's own. */
  readonly passwordHash: string | undefined;
}

export type HashRequest =
  | { readonly does: 'hash'; readonly password: string; readonly costs: PasswordCosts }
  | { readonly does: 'verify'; readonly passwordHash: string; readonly password: string }
  | ({ readonly does: 'check family' } & FamilyCheck);

/** What a thread is sent. */
export type HashJob = HashRequest & { readonly id: number };

export type HashResult = string | boolean;

/** What a thread sends: when it has loaded what it needs, and for each job. */
export type HashResponse = 'ready' | ({ readonly id: number } & HashOutcome);

export type HashOutcome =
  | { readonly result: HashResult }
  | {
      readonly error: string;
      /** Node's, such as `EMFILE`. */
      readonly code?: string | undefined;
    };

interface Request {
  readonly job: HashJob;
  readonly onBegin: OnBegin;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** By id: the first one computes, the others wait in the thread. */
  readonly sent: Map<number, Request>;
  isReady: boolean;
}

/**
 * As many worker threads as there are cores compute password hashes, each started when the others are occupied. libuv's stay
 * free for names and files; and a thread that has its next request before it has ended one goes on without waiting for the
 * event loop (`npm run bench -- login`).
 */
export const threadCount = availableParallelism();

/** Requests that a thread has at most: the one that it computes, and the next one. */
const maxSent = 2;
/** Milliseconds after which another start is tried where one has failed: while others compute, and where there are none. */
const pauseBesideOthers = 60_000;
const pauseWithoutAny = 1000;
/** Seconds. */
const retryAfter = 2;

/** Publishes, for each thread that was started, `undefined`, and for each that could not be, the error. */
export const threadStarts = channel('latchkey:hash-thread');

/** Shared by the process: several services in one, as in tests, have no more cores. */
const threads = new Set<Thread>();
/** Requests that no thread has yet. */
const waiting: Request[] = [];
let lastId = 0;
/** The last start that has failed, unless one has succeeded since; `at` by the monotonic clock. */
let failure: { readonly at: number; readonly cause: unknown } | undefined;

/** Is called when a thread begins with a request. */
export type OnBegin = () => void;

/**
 * Starts a thread where there is none, so that a start of the service finds out whether there can be one.
 * @throws the error, where there cannot.
 */
export async function startHashThread(): Promise<void> {
  try {
    await hashInThread('', { memoryCost: 8, timeCost: 1, parallelism: 1 });
  } catch (error) {
    throw failure?.cause ?? error;
  }
}

/** @throws {Problem} `busy` where there is no thread, and none can be started; so do the next two. */
export async function hashInThread(
  password: string,
  costs: PasswordCosts,
  onBegin?: OnBegin,
): Promise<string> {
  return (await compute({ does: 'hash', password, costs }, onBegin)) as string;
}

/** @param passwordHash as it is stored, of this service or of another application. */
export async function verifyInThread(
  passwordHash: string,
  password: string,
  onBegin?: OnBegin,
): Promise<boolean> {
  return (await compute({ does: 'verify', passwordHash, password }, onBegin)) as boolean;
}

/**
 * In one request whether there is a hash or not, so that the time does not tell.
 * @returns whether there is one, and the password matches it.
 */
export async function checkFamilyInThread(check: FamilyCheck, onBegin?: OnBegin): Promise<boolean> {
  return (await compute({ does: 'check family', ...check }, onBegin)) as boolean;
}

async function compute(request: HashRequest, onBegin: OnBegin = () => undefined): Promise<HashResult> {
  const isOccupied = findLeastOccupied()?.sent.size !== 0;
  if (isOccupied && threads.size < threadCount && !isPausing()) startThread();
  return new Promise((resolve, reject) => {
    const job: HashJob = { id: (lastId += 1), ...request };
    waiting.push({ job, onBegin, resolve, reject });
    sendWaiting();
  });
}

/** Of those that have loaded: `undefined` where there is none. */
function findLeastOccupied(): Thread | undefined {
  return [...threads]
    .filter(({ isReady }) => isReady)
    .reduce<Thread | undefined>(
      (least, each) => (least && least.sent.size <= each.sent.size ? least : each),
      undefined,
    );
}

function isPausing(): boolean {
  if (!failure) return false;
  return performance.now() - failure.at < (threads.size > 0 ? pauseBesideOthers : pauseWithoutAny);
}

function sendWaiting(): void {
  if (threads.size === 0) refuseWaiting();
  for (let request = waiting[0]; request; request = waiting[0]) {
    const thread = findLeastOccupied();
    if (!thread || thread.sent.size >= maxSent) return;
    waiting.shift();
    send(request, thread);
  }
}

function send(request: Request, { worker, sent }: Thread): void {
  try {
    worker.postMessage(request.job);
  } catch (error) {
    request.reject(error);
    return;
  }
  sent.set(request.job.id, request);
  if (sent.size > 1) return;
  // What waits for a hash keeps the process running, a thread without a request does not.
  worker.ref();
  request.onBegin();
}

function refuseWaiting(): void {
  const cause = failure?.cause;
  for (const { reject } of waiting.splice(0)) {
    reject(
      retryLater('busy', retryAfter, { detail: 'No password can be checked now. Try again later.', cause }),
    );
  }
}

/** Threads may be limited (`ulimit -u`, `TasksMax`, `pids.max`), and each takes memory and files. */
function recordFailedStart(cause: unknown): void {
  failure = { at: performance.now(), cause };
  threadStarts.publish(cause);
}

function startThread(): void {
  const startedAt = performance.now();
  let worker: Worker;
  try {
    worker = new Worker(new URL('./hash-thread.js', import.meta.url), { name: 'password-hash' });
  } catch (error) {
    recordFailedStart(error);
    return;
  }
  const sent = new Map<number, Request>();
  const thread: Thread = { worker, sent, isReady: false };
  threads.add(thread);
  worker.on('message', (response: HashResponse) => {
    if (response === 'ready') {
      thread.isReady = true;
      if (failure && failure.at < startedAt) {
        failure = undefined;
        threadStarts.publish(undefined);
      }
    } else settle(sent, response);
    sendWaiting();
    if (sent.size === 0) worker.unref();
  });
  const end = (cause: unknown): void => {
    if (!threads.delete(thread)) return;
    if (!thread.isReady) recordFailedStart(cause);
    for (const { reject } of sent.values())
      reject(new Error('The thread that computes password hashes ended.', { cause }));
    // Those that it was not sent are computed by others.
    if (waiting.length > 0 && threads.size === 0 && !isPausing()) startThread();
    sendWaiting();
  };
  // Its memory could not be had, for example.
  worker.on('error', end);
  worker.on('exit', () => {
    end(undefined);
  });
}

function settle(sent: Map<number, Request>, { id, ...outcome }: { readonly id: number } & HashOutcome): void {
  const done = sent.get(id);
  sent.delete(id);
  const [next] = sent.values();
  next?.onBegin();
  if ('error' in outcome) {
    const { error, code } = outcome;
    done?.reject(Object.assign(new Error(error), code !== undefined && { code }));
  } else done?.resolve(outcome.result);
}
