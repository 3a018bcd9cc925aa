import type { RevocationPage } from '../../src/revocation-stream/revocations.models.js';
import { checkModel } from './contract.js';
import { ServerSentEvents } from './server-sent-events.js';

interface FeedEvent {
  readonly id: string | undefined;
  readonly page: RevocationPage;
}

/** Reads a stream of revocations event by event, and checks each against the contract. */
export class EventReader {
  private constructor(private readonly events: ServerSentEvents) {}

  static async open(url: string, token: string, lastId?: string): Promise<EventReader> {
    return new EventReader(await ServerSentEvents.open(url, '/revocations/stream', token, lastId));
  }

  get headers(): Headers {
    return this.events.headers;
  }

  /** The last `id`. */
  get lastId(): string | undefined {
    return this.events.lastId;
  }

  /** The next event; undefined if the stream has ended. */
  async next(): Promise<FeedEvent | undefined> {
    const event = await this.events.next();
    if (!event) return undefined;
    checkModel('RevocationPage', event.data);
    return { id: event.id, page: event.data as RevocationPage };
  }

  /** Everything up to a complete event or the end: `session <id>`, `subject <id> <version>`. */
  async readUntilComplete(): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const event = await this.next();
      names.push(...(event?.page.items ?? []).map(describeRevocation));
      if (!event || event.page.complete) return names;
    }
  }

  /** Whether the stream has ended. */
  async waitForEnd(): Promise<void> {
    while (await this.next());
  }

  leave(): void {
    this.events.leave();
  }
}

export function describeRevocation({ kind, id, version }: RevocationPage['items'][number]): string {
  return [kind, id, ...(version === undefined ? [] : [version])].join(' ');
}
