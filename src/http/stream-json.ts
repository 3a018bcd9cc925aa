import type { Response } from 'express';

/** A member of an object: a value, or entries of an array as they come. */
export type StreamedMember = readonly [name: string, value: string | number | object];

/** Characters that are gathered before they are sent: until then an error has a response of its own. */
const chunkLength = 16 * 1024;

/**
 * Sends an object as JSON in parts, so that memory does not hold all of it. Arrays come from asynchronous iterables. Resolves
 * when all is sent or the client has disconnected.
 * @returns nothing that counts: the type is that of what was sent, for the contract.
 */
export async function streamJson<T extends object>(
  response: Response,
  members: Iterable<StreamedMember>,
  headers: Readonly<Record<string, string>>,
): Promise<T> {
  let resume: () => void = () => undefined;
  for (const event of ['drain', 'close']) {
    response.on(event, () => {
      resume();
    });
  }
  let waiting = '';
  for await (const text of toJson(members)) {
    waiting += text;
    if (waiting.length < chunkLength) continue;
    if (response.destroyed) return undefined as unknown as T;
    begin(response, headers);
    // The response to HEAD is complete.
    if (response.req.method === 'HEAD') break;
    if (!response.write(waiting)) await new Promise<void>((resolve) => (resume = resolve));
    waiting = '';
  }
  begin(response, headers);
  response.end(waiting);
  return undefined as unknown as T;
}

function begin(response: Response, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent) return;
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
}

async function* toJson(members: Iterable<StreamedMember>): AsyncGenerator<string> {
  let before = '{';
  for (const [name, value] of members) {
    yield `${before}${JSON.stringify(name)}:`;
    before = ',\n';
    if (isAsyncIterable(value)) yield* toJsonArray(value);
    else yield JSON.stringify(value);
  }
  yield '}\n';
}

async function* toJsonArray(entries: AsyncIterable<unknown>): AsyncGenerator<string> {
  yield '[';
  let before = '\n';
  for await (const entry of entries) {
    yield `${before}${JSON.stringify(entry)}`;
    before = ',\n';
  }
  yield ']';
}

function isAsyncIterable(value: string | number | object): value is AsyncIterable<unknown> {
  return typeof value === 'object' && Symbol.asyncIterator in value;
}
