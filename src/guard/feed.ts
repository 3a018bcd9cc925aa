import { setTimeout as wait } from 'node:timers/promises';
import { ServiceRefused, type GuardClock, type LatchkeyService } from './latchkey-service.js';
import type { Revoked, RevocationEntry } from './revoked.js';

/** An event of the stream, as the contract's `RevocationPage` has it. */
interface Page {
  readonly items: readonly RevocationEntry[];
  readonly complete: boolean;
}

/** Between two streams, and twice as long after each attempt that failed, in milliseconds. */
const firstWait = 100;
const maxWait = 2000;
/** Those of the service have 1.5 MiB at most, in characters. */
const maxEventLength = 8 * 1024 * 1024;

/** Follows the service's stream of revocations, for as long as the guard is there, and knows how old what it knows is. */
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
      /** A stream begins: the one before may have ended because a key was taken away. */
      readonly onFollowing?: () => void;
    },
  ) {}

  /** Whether everything is known that was revoked until a moment ago. */
  get isCurrent(): boolean {
    return this.clock.monotonic() - this.#completeAt <= this.options.bound;
  }

  /** Begins, if that has not happened yet. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Resolves when everything is known for the first time.
   * @throws {ServiceRefused} where the service refuses the guard: a person has to do something.
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
      // Guards that lost the same service do not come back at the same moment.
      await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads one stream to its end. A service that has gone silent is left. */
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
    // After all that has come: what was sent with it must count, too.
    if (isComplete) {
      this.#completeAt = this.clock.monotonic();
      this.revoked.sweep(this.clock.now() / 1000);
      this.#first?.reached();
    }
  }
}

/** Puts events together from what comes, and looks at each chunk once, however long an event is. */
class EventParser {
  #parts: string[] = [];
  #length = 0;

  /**
   * @returns the events that a chunk completes.
   * @throws {Error} where an event is longer than one of the service's can be.
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
