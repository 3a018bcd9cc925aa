import type { BreachSource } from './breach-check.js';
import { isInRange, prefixLength } from './breach-range.js';

/** Bytes. A response of HIBP has about 40 KB, with padding 60 KB. */
const maxResponse = 2 * 1024 * 1024;

/**
 * The range API of Have I Been Pwned, or another service of that form: `GET <url>/<the first five digits>` responds with the
 * range (https://haveibeenpwned.com/API/v3#PwnedPasswords). Redirects are not followed.
 */
export class RangeApi implements BreachSource {
  constructor(private readonly url: string) {}

  async has(hash: string, signal: AbortSignal): Promise<boolean> {
    const response = await fetch(`${this.url}${hash.slice(0, prefixLength)}`, {
      // Responses are of about one length then, and a network that sees them learns nothing of the range.
      headers: { 'Add-Padding': 'true', 'User-Agent': 'Latchkey' },
      redirect: 'manual',
      signal,
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the range API responds with ${response.status}`);
    }
    return isInRange(await readText(response), hash);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (!body) return '';
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxResponse) throw new Error(`the response is larger than ${maxResponse} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
