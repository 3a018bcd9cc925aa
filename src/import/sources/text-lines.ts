import { createReadStream } from 'node:fs';
import { StartError } from '../../start-error.js';

/** Characters of a line, which no user needs: what is longer is another file. */
export const maxLineLength = 1024 * 1024;

/**
 * The text of a file, in parts.
 * @throws {StartError} where it cannot be read, or is not UTF-8: what is in another encoding would become other names.
 */
export async function* readText(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      const text = decoder.decode(chunk, { stream: true });
      yield text;
      lines += text.split('\n').length - 1;
    }
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    const reason =
      cause.code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? `is not UTF-8, in line ${lines} or one that follows: convert it`
        : `cannot be read (${cause.message})`;
    throw new StartError(`The file ${file} ${reason}.`, { cause });
  }
}

/** Each line of a file, without its end; undefined for one that is too long. */
export async function* readLines(file: string): AsyncGenerator<string | undefined> {
  let line: string | undefined = '';
  for await (const text of readText(file)) {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        yield line?.replace(/\r$/, '');
        line = '';
      }
      if (line !== undefined) line = line.length + part.length > maxLineLength ? undefined : line + part;
    }
  }
  if (line !== '') yield line;
}
