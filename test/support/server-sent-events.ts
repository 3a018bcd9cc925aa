import { recordResponse } from './contract-coverage.js';

interface ReceivedEvent {
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Reads a stream of server-sent events one by one. */
export class ServerSentEvents {
  readonly #leave = new AbortController();
  #chunks: AsyncIterator<string> | undefined;
  #text = '';
  headers: Headers = new Headers();
  /** The last `id`. */
  lastId: string | undefined;

  private constructor(private readonly path: string) {}

  static async open(url: string, path: string, token: string, lastId?: string): Promise<ServerSentEvents> {
    const events = new ServerSentEvents(path);
    const response = await fetch(`${url}${path}`, {
      headers: {
        Authorization: `Bearer ${token}`,
        ...(lastId !== undefined && { 'Last-Event-ID': lastId }),
      },
      signal: events.#leave.signal,
    });
    if (response.status !== 200 || !response.body) throw new Error(`The status is ${response.status}.`);
    events.headers = response.headers;
    events.#chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    return events;
  }

  /** The next event; undefined if the stream has ended. */
  async next(): Promise<ReceivedEvent | undefined> {
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
    const [mediaType = ''] = (this.headers.get('Content-Type') ?? '').split(';');
    recordResponse('GET', this.path, 200, mediaType);
    this.lastId = fields['id'] ?? this.lastId;
    return { id: fields['id'], data: JSON.parse(fields['data'] ?? '') as unknown };
  }

  leave(): void {
    this.#leave.abort();
  }
}
