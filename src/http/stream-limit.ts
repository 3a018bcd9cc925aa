import { retryLater } from '../problems/problem.js';

interface StreamLimitOptions {
  /** Maximum number of open streams. */
  readonly max: number;
  /** Maximum number of open streams per client or user. */
  readonly maxPerSubject: number;
}

/** Counts the open streams of an operation. */
export class StreamLimit {
  #open = 0;
  #stopping = false;
  /** Subject → number of its streams. */
  readonly #perSubject = new Map<string, number>();

  constructor(private readonly options: StreamLimitOptions) {}

  /**
   * @returns what is to be called when the stream has ended; further calls have no effect.
   * @throws {Problem} `busy` if too many streams are open, `too_many_streams` if too many of them are the subject's,
   *   `not_ready` if the process is stopping.
   */
  open(subject: string): () => void {
    if (this.#stopping)
      throw retryLater('not_ready', 1, { detail: 'The service is stopping.', isExpected: true });
    const own = this.#perSubject.get(subject) ?? 0;
    if (own >= this.options.maxPerSubject) throw retryLater('too_many_streams', 5);
    if (this.#open >= this.options.max) {
      throw retryLater('busy', 5, {
        detail: 'Too many streams are open. Try again in as many seconds as Retry-After says.',
      });
    }
    this.#open += 1;
    this.#perSubject.set(subject, own + 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.#close(subject);
      isOpen = false;
    };
  }

  /** Lets no new stream begin. */
  stop(): void {
    this.#stopping = true;
  }

  #close(subject: string): void {
    this.#open -= 1;
    const left = (this.#perSubject.get(subject) ?? 0) - 1;
    if (left > 0) this.#perSubject.set(subject, left);
    else this.#perSubject.delete(subject);
  }
}
