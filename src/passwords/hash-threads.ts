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

export type HashRequest =
  | { readonly does: 'hash'; readonly password: string; readonly costs: PasswordCosts }
  | { readonly does: 'verify'; readonly passwordHash: string; readonly password: string }
  | ({ readonly does: 'check family' } & FamilyCheck);

/** What a thread is sent. */
export type HashJob = HashRequest & { readonly id: number };

export type HashResult = string | boolean;

/** What a thread sends. */
export type HashResponse = { readonly id: number } & (
  | { readonly result: HashResult }
  | { readonly error: string }
);

interface Pending {
  readonly onBegin: OnBegin;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** By id: the first one computes, the others wait in the thread. */
  readonly pending: Map<number, Pending>;
}

/**
 * As many worker threads as there are cores compute password hashes, each started when the others are occupied. libuv's stay
 * free for names and files; and a thread that has its next request before it has ended one goes on without waiting for the
 * event loop (`npm run bench -- login`).
 */
export const threadCount = availableParallelism();

/** Shared by the process: several services in one, as in tests, have no more cores. */
const threads = new Set<Thread>();
let lastId = 0;

/** Is called when a thread begins with a request. */
export type OnBegin = () => void;

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
  const { worker, pending } = chooseThread();
  return new Promise((resolve, reject) => {
    const id = (lastId += 1);
    const job: HashJob = { id, ...request };
    worker.postMessage(job);
    pending.set(id, { onBegin, resolve, reject });
    if (pending.size > 1) return;
    // What waits for a hash keeps the process running, a thread without a request does not.
    worker.ref();
    onBegin();
  });
}

function chooseThread(): Thread {
  const [first, ...others] = threads;
  if (!first) return startThread();
  const least = others.reduce(
    (found, each) => (each.pending.size < found.pending.size ? each : found),
    first,
  );
  return least.pending.size > 0 && threads.size < threadCount ? startThread() : least;
}

function startThread(): Thread {
  const worker = new Worker(new URL('./hash-thread.js', import.meta.url), { name: 'password-hash' });
  const pending = new Map<number, Pending>();
  const thread = { worker, pending };
  worker.on('message', ({ id, ...outcome }: HashResponse) => {
    const done = pending.get(id);
    pending.delete(id);
    const [next] = pending.values();
    if (next) next.onBegin();
    else worker.unref();
    if ('error' in outcome) done?.reject(new Error(outcome.error));
    else done?.resolve(outcome.result);
  });
  // Its memory could not be had, for example. The next request starts another.
  let cause: unknown;
  worker.on('error', (error) => {
    cause = error;
    threads.delete(thread);
  });
  worker.on('exit', () => {
    threads.delete(thread);
    for (const { reject } of pending.values())
      reject(new Error('The thread that computes password hashes ended.', { cause }));
  });
  threads.add(thread);
  return thread;
}
