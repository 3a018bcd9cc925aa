import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { BreachSource } from './breach-check.js';
import { isInRange, prefixLength } from './breach-range.js';

/** A folder with a file for each range, as the range API responds: `21BD1.txt` or `21BD1`. */
export class BreachFolder implements BreachSource {
  constructor(private readonly folder: string) {}

  async has(hash: string): Promise<boolean> {
    return isInRange(await this.#read(hash.slice(0, prefixLength)), hash);
  }

  async #read(prefix: string): Promise<string> {
    try {
      return await readFile(join(this.folder, `${prefix}.txt`), 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw removePath(error);
    }
    try {
      return await readFile(join(this.folder, prefix), 'latin1');
    } catch (error) {
      throw removePath(error);
    }
  }
}

/** The name of the file says a part of the hash. */
function removePath(error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new Error(`a file of the folder cannot be read (${code})`);
}

/** Longer than any line. */
const blockLength = 256;
const lineForm = /^([0-9A-F]{16,40})(?::\d+)?$/;

/**
 * One file, sorted, with a line for each hash: its 40 digits, or the first 16 or more of them, and optionally a colon and
 * how often it was seen. It is searched where it is, with one read for each halving.
 */
export class BreachFile implements BreachSource {
  constructor(private readonly file: string) {}

  async has(hash: string, signal: AbortSignal): Promise<boolean> {
    const handle = await open(this.file);
    try {
      let from = 0;
      let to = (await handle.stat()).size;
      // A line that begins in [from, to) may be the one.
      while (from < to) {
        signal.throwIfAborted();
        const middle = Math.floor((from + to) / 2);
        const line = await readLineFrom(handle, middle, from);
        if (!line || line.at >= to) {
          to = middle;
          continue;
        }
        if (hash.startsWith(line.hash)) return true;
        if (line.hash < hash) from = line.end;
        else to = middle;
      }
      return false;
    } finally {
      await handle.close();
    }
  }
}

interface Line {
  readonly at: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly hash: string;
}

/**
 * The first line that begins at a place or after it.
 * @param first where a line is known to begin.
 */
async function readLineFrom(handle: FileHandle, place: number, first: number): Promise<Line | undefined> {
  const start = place === first ? place : place - 1;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(blockLength), 0, blockLength, start);
  const text = buffer.toString('latin1', 0, bytesRead);
  const begin = place === first ? 0 : text.indexOf('\n') + 1;
  if (place !== first && begin === 0 && bytesRead === blockLength) throw createLineError();
  if ((place !== first && begin === 0) || begin >= bytesRead) return undefined;
  const newline = text.indexOf('\n', begin);
  if (newline < 0 && bytesRead === blockLength) throw createLineError();
  const end = newline < 0 ? bytesRead : newline;
  const [, hash] = lineForm.exec(text.slice(begin, end).trim().toUpperCase()) ?? [];
  if (hash === undefined) throw createLineError();
  return { at: start + begin, end: start + end + 1, hash };
}

function createLineError(): Error {
  return new Error(
    'the file has another line than 16 to 40 hexadecimal digits, and optionally a colon and a count',
  );
}
