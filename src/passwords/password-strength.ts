import { Worker } from 'node:worker_threads';
import { retryLater, type Problem } from '../problems/problem.js';
import type { Language } from './password-violations.js';

export interface StrengthInput {
  readonly password: string;
  /** What is no secret: names, the organization. */
  readonly words: readonly string[];
  readonly language: Language;
}

/** What the thread is sent. */
export interface StrengthRequest extends StrengthInput {
  readonly id: number;
}

export interface Strength {
  /** 0: very weak, to 4: very strong. */
  readonly score: 0 | 1 | 2 | 3 | 4;
  /** The decimal logarithm of how many guesses find it. */
  readonly guessesLog10: number;
  /** What makes it weak. */
  readonly warning: string | undefined;
  readonly suggestions: readonly string[];
}

/** What the thread sends. */
export interface StrengthResponse extends Strength {
  readonly id: number;
}

export type StrengthOutcome = 'estimated' | 'refused' | 'timed_out';

interface Pending {
  readonly resolve: (strength: Strength) => void;
  readonly reject: (error: Error) => void;
}

const maxPending = 20;
/** Milliseconds for all that wait together; the start of the thread included. */
const maxTime = 10_000;
/** Milliseconds without a request after which the thread ends, and its memory is free. */
const idleTime = 60_000;
/** Seconds. */
const retryAfter = 2;

/**
 * Estimates how many guesses a password withstands, with zxcvbn in a thread of its own: that one is started with the first
 * request and ends when there are none, and no other request waits for it.
 */
export class PasswordStrength {
  readonly #counts: Record<StrengthOutcome, number> = { estimated: 0, refused: 0, timed_out: 0 };
  readonly #pending = new Map<number, Pending>();
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;

  /** Estimates since the start, by their outcome. */
  get counts(): Readonly<Record<StrengthOutcome, number>> {
    return this.#counts;
  }

  /**
   * @throws {Problem} `too_many_requests` where too many wait, or one takes too long; `busy` where the thread cannot be started,
   *   or ends.
   */
  estimate(question: StrengthInput): Promise<Strength> {
    if (this.#pending.size >= maxPending) {
      this.#counts.refused += 1;
      return Promise.reject(retryLater('too_many_requests', retryAfter));
    }
    let thread: Worker;
    try {
      thread = this.#thread ??= this.#start();
    } catch (cause) {
      this.#counts.refused += 1;
      return Promise.reject(createBusyProblem(cause));
    }
    return new Promise((resolve, reject) => {
      const id = (this.#lastId += 1);
      this.#pending.set(id, { resolve, reject });
      if (this.#pending.size === 1) this.#limitTime(maxTime);
      const request: StrengthRequest = { id, ...question };
      thread.postMessage(request);
    });
  }

  #start(): Worker {
    const thread = new Worker(new URL('./strength-thread.js', import.meta.url), {
      name: 'password-strength',
    });
    thread.unref();
    thread.on('message', ({ id, ...strength }: StrengthResponse) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      this.#counts.estimated += 1;
      pending?.resolve(strength);
      this.#limitTime(this.#pending.size > 0 ? maxTime : idleTime);
    });
    // Threads, memory or files may be limited, for example.
    let cause: unknown;
    thread.on('error', (error) => {
      cause = error;
    });
    thread.on('exit', () => {
      if (thread === this.#thread) this.#end(createBusyProblem(cause));
    });
    return thread;
  }

  #limitTime(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#end();
    }, milliseconds).unref();
  }

  /** Ends the thread; the next request starts another. */
  #end(reason = retryLater('too_many_requests', retryAfter)): void {
    clearTimeout(this.#timer);
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    this.#counts[reason.code === 'busy' ? 'refused' : 'timed_out'] += waiting.length;
    void this.#thread?.terminate();
    this.#thread = undefined;
    for (const { reject } of waiting) reject(reason);
  }
}

function createBusyProblem(cause: unknown): Problem {
  return retryLater('busy', retryAfter, { detail: 'No password can be rated now. Try again later.', cause });
}
