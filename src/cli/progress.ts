import type { WriteStream } from 'node:tty';
import { SingleBar, type Options } from 'cli-progress';

/** Milliseconds of work without a bar: short work shows none. */
const delay = 300;

interface ProgressOptions {
  /** How many of them there are. */
  readonly total: number;
  /** What is counted, such as `rows`. */
  readonly unit: string;
}

export interface Progress {
  /** @param note what is worked on. */
  update(done: number, note?: string): void;
  /** Erases the bar. Always to be called: the bar keeps the process alive. */
  end(): void;
}

/**
 * Shows the progress of long work as a bar on a terminal. Elsewhere nothing is written: neither a log nor a program reads it.
 * @param now monotonic milliseconds.
 */
export function createProgress(
  { total, unit }: ProgressOptions,
  stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean } = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  const beganAt = now();
  let bar: SingleBar | undefined;
  return {
    update: (done, note = '') => {
      if (stream.isTTY !== true || now() - beganAt < delay) return;
      if (bar) bar.update(done, { note });
      else {
        bar = new SingleBar({ ...form, stream: stream as WriteStream });
        bar.start(total, done, { unit, note });
      }
    },
    end: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

const form: Options = {
  format: '[{bar}] {percentage} % · {value} of {total} {unit} {note}',
  barCompleteChar: '#',
  barIncompleteChar: '-',
  barsize: 30,
  clearOnComplete: true,
  hideCursor: true,
  noTTYOutput: false,
};
