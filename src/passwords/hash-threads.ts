import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

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

/** What a thread is sent. */
export type HashRequest =
  | { readonly does: 'hash'; readonly password: string; readonly costs: PasswordCosts }
  | { readonly does: 'verify'; readonly passwordHash: string; readonly password: string }
  | ({ readonly does: 'check family' } & FamilyCheck);

export type HashResult = string | boolean;

/** What a thread sends: one for each request, in their order. */
export type HashResponse = { readonly result: HashResult } | { readonly error: unknown };

interface Pending {
  readonly onBegin: OnBegin;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** The first one computes, the others wait in the thread. */
  readonly pending: Pending[];
}

/**
 * As many worker threads as there are cores compute password hashes, each started when the others are occupied. libuv's stay
 * free for names and files; and a thread that has its next request before it has ended one goes on without waiting for the
 * event loop (`npm run bench -- login`).
 */
export const threadCount = availableParallelism();

/** Shared by the process: several services in one, as in tests, have no more cores. */
const threads = new Set<Thread>();

type OnBegin = () => void;

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

/** @param onBegin is called when a thread begins with it. */
async function compute(request: HashRequest, onBegin: OnBegin = () => undefined): Promise<HashResult> {
  const thread = chooseThread();
  return new Promise((resolve, reject) => {
    if (thread.pending.push({ onBegin, resolve, reject }) === 1) {
      // What waits for a hash keeps the process running, a thread without a request does not.
      thread.worker.ref();
      onBegin();
    }
    thread.worker.postMessage(request);
  });
}

function chooseThread(): Thread {
  const [first, ...others] = threads;
  if (!first) return startThread();
  const least = others.reduce(
    (found, each) => (each.pending.length < found.pending.length ? each : found),
    first,
  );
  return least.pending.length > 0 && threads.size < threadCount ? startThread() : least;
}

function startThread(): Thread {
  const worker = new Worker(new URL('./hash-thread.js', import.meta.url), {
    name: 'password-hash',
    // Not the process's, some of which no thread takes (`--input-type`).
    execArgv: [],
  });
  const thread: Thread = { worker, pending: [] };
  worker.on('message', (response: HashResponse) => {
    const done = thread.pending.shift();
    const next = thread.pending.at(0);
    if (next) next.onBegin();
    else worker.unref();
    if ('error' in response) done?.reject(response.error);
    else done?.resolve(response.result);
  });
  // Its memory could not be had, for example. The next request starts another.
  worker.on('error', (error) => {
    threads.delete(thread);
    for (const { reject } of thread.pending) reject(error);
  });
  threads.add(thread);
  return thread;
}
