import { readFileSync } from 'node:fs';
import type { Requests } from './load.ts';
import type { Server } from './server.ts';

/** The JSON that all servers give to GET /protected. */
const expected = '{"message":"This is a protected endpoint."}';

/**
 * Asks once what the load will ask, and without a token where there is one.
 * @returns the response's headers.
 * @throws where the response is not that of all: servers that do different things are not compared.
 */
export async function checkProtected(server: Server, { path, lines }: Requests): Promise<Headers> {
  const [line = ''] = lines ? readFileSync(lines.file, 'utf8').split('\n', 1) : [];
  const response = await fetch(server.url + path, { headers: lines ? { [lines.as]: line } : {} });
  const body = await response.text();
  // Flask ends its JSON with a line feed.
  if (response.status !== 200 || body.trimEnd() !== expected) {
    throw new Error(`The response was ${response.status} ${body}: ${server.process.output}`);
  }
  if (lines) {
    const { status } = await fetch(server.url + path);
    if (status !== 401)
      throw new Error(`Without a token the response was ${status}: ${server.process.output}`);
  }
  return response.headers;
}
