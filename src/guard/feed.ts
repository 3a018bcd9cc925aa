import { setTimeout as wait } from 'node:timers/promises';
import { ServiceRefused, type GuardClock, type LatchkeyService } from './latchkey-service.js';
import type { Revoked, RevocationEntry } from './revoked.js';

/** The data of an event: the contract's `RevocationPage`. */
interface Page {
  readonly items: readonly RevocationEntry[];
  readonly complete: boolean;
}

/** The wait before the next stream, in milliseconds; it doubles after each failed attempt. */
const firstWait = 100;
const maxWait = 2000;
/** In characters. The service's events have at most 1.5 MiB. */
const maxEventLength = 8 * 1024 * 1024;

/** Follows the service's stream of revocations until the guard is closed, and knows how recent its data is. */
export class Feed {
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #lastEventId: string | undefined;
  #completeAt = -Infinity;
  #first: { readonly reached: () => void; readonly refused: (error: Error) => void } | undefined;

  constructor(
    private readonly service: LatchkeyService,
    private readonly revoked: Revoked,
    private readonly clock: GuardClock,
    private readonly options: {
      /** Milliseconds. */
      readonly bound: number;
      readonly warn: (message: string) => void;
      /** Called when a stream begins: the previous one may have ended because a key was removed. */
      readonly onFollowing?: () => void;
    },
  ) {}

  /** Whether every revocation is known up to at most `bound` milliseconds ago. */
  get isCurrent(): boolean {
    return this.clock.monotonic() - this.#completeAt <= this.options.bound;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Resolves when all revocations are known for the first time.
   * @throws {ServiceRefused} if the service refuses the guard, which only a person can correct.
   */
  async ready(): Promise<void> {
    if (this.#completeAt > -Infinity) return;
    await new Promise<void>((reached, refused) => {
      this.#first = { reached, refused };
      this.start();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#follow(() => (failures = 0));
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        const { message } = error as Error;
        if (failures === 0) this.options.warn(`The feed of revocations broke off. ${message}`);
        if (error instanceof ServiceRefused) this.#first?.refused(error);
        failures += 1;
      }
      const longest = Math.min(firstWait * 2 ** failures, maxWait);
      // Random, so that guards that lost the same service do not all reconnect at the same time.
      await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads one stream to its end, or until the service has been silent for too long. */
  async #follow(heard: () => void): Promise<void> {
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, silence.signal]);
    const maxSilence = this.options.bound + 2000;
    const timer = setTimeout(() => {
      silence.abort(new Error(`The service said nothing for ${maxSilence / 1000} s.`));
    }, maxSilence);
    try {
      const body = await this.service.follow(this.#lastEventId, signal);
      this.options.onFollowing?.();
      const events = new EventParser();
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        timer.refresh();
        heard();
        this.#takeEvents(events.push(chunk));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #takeEvents(events: readonly string[]): void {
    let isComplete = false;
    for (const event of events) {
      const fields = new Map(
        event.split('\n').map((line) => {
          const [, name = '', value = ''] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
          return [name, value] as const;
        }),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      const { items, complete } = JSON.parse(data) as Page;
      this.revoked.add(items);
      this.#lastEventId = fields.get('id') ?? this.#lastEventId;
      isComplete = complete;
    }
    // After all events, so that those sent with the complete one are applied first.
    if (isComplete) {
      this.#completeAt = this.clock.monotonic();
      this.revoked.sweep(this.clock.now() / 1000);
      this.#first?.reached();
    }
  }
}

/** Assembles events from chunks. It scans each chunk once, so that a long event takes linear time. */
class EventParser {
  #parts: string[] = [];
  #length = 0;

  /**
   * @returns the events that a chunk completes.
   * @throws {Error} if an event is longer than any of the service's.
   */
  push(chunk: string): string[] {
    const last = this.#parts.at(-1)?.at(-1) ?? '';
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (!(last + chunk).includes('\n\n')) {
      if (this.#length > maxEventLength) {
        throw new Error(
          `An event is longer than ${maxEventLength / 1024 / 1024} MiB: this is not the service's stream.`,
        );
      }
      return [];
    }
    const events = this.#parts.join('').split('\n\n');
    const rest = events.pop() ?? '';
    this.#parts = rest === '' ? [] : [rest];
    this.#length = rest.length;
    return events;
  }
}
