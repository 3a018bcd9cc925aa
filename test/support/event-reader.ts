import type { RevocationPage } from '../../src/revocation-stream/revocations.models.js';
import { checkModel } from './contract.js';
import { recordAnswer } from './contract-coverage.js';

interface FeedEvent {
  readonly id: string | undefined;
  readonly page: RevocationPage;
}

/** Reads a stream of revocations event by event, and checks each against the contract. */
export class EventReader {
  readonly #leave = new AbortController();
  #chunks: AsyncIterator<string> | undefined;
  #text = '';
  headers: Headers = new Headers();
  /** The last `id`. */
  lastId: string | undefined;

  static async open(url: string, token: string, lastId?: string): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch(`${url}/revocations/stream`, {
      headers: {
        Authorization: `Bearer ${token}`,
        ...(lastId !== undefined && { 'Last-Event-ID': lastId }),
      },
      signal: reader.#leave.signal,
    });
    if (response.status !== 200 || !response.body) throw new Error(`The answer is ${response.status}.`);
    reader.headers = response.headers;
    reader.#chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    return reader;
  }

  /** The next event; undefined if the stream has ended. */
  async next(): Promise<FeedEvent | undefined> {
    let end: number;
    while ((end = this.#text.indexOf('\n\n')) < 0) {
      const chunk = await this.#chunks?.next();
      if (!chunk || chunk.done) return undefined;
      this.#text += chunk.value;
    }
    const lines = this.#text.slice(0, end).split('\n');
    this.#text = this.#text.slice(end + 2);
    const fields = Object.fromEntries(
      lines.map((line) => {
        const [, name = '', value = ''] = /^([a-z]+): (.*)$/.exec(line) ?? [];
        return [name, value];
      }),
    );
    if (Object.keys(fields).some((name) => name !== 'id' && name !== 'data')) {
      throw new Error(`There is more in an event than its id and its data: ${lines.join(' | ')}`);
    }
    const page = JSON.parse(fields['data'] ?? '') as RevocationPage;
    checkModel('RevocationPage', page);
    const [mediaType = ''] = (this.headers.get('Content-Type') ?? '').split(';');
    recordAnswer('GET', '/revocations/stream', 200, mediaType);
    this.lastId = fields['id'] ?? this.lastId;
    return { id: fields['id'], page };
  }

  /** Everything up to a complete event or the end: `session <id>`, `subject <id> <version>`. */
  async untilComplete(): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const event = await this.next();
      names.push(...(event?.page.items ?? []).map(nameOf));
      if (!event || event.page.complete) return names;
    }
  }

  /** Whether the stream has ended. */
  async ends(): Promise<void> {
    while (await this.next());
  }

  leave(): void {
    this.#leave.abort();
  }
}

export function nameOf({ kind, id, version }: RevocationPage['items'][number]): string {
  return [kind, id, ...(version === undefined ? [] : [version])].join(' ');
}
