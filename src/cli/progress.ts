import type { WriteStream } from 'node:tty';
import { SingleBar, type Options } from 'cli-progress';

/** Milliseconds of work without a bar: short work shows none. */
const delay = 300;

interface ProgressOptions {
  /** What is counted, such as `rows`. */
  readonly unit: string;
  readonly stream?: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export interface Progress {
  /** @param note what is worked on. */
  readonly update: (done: number, total: number, note?: string) => void;
  /** Erases the bar. Always to be called: the bar keeps the process alive. */
  readonly end: () => void;
}

/** Shows the progress of long work as a bar on a terminal. Elsewhere nothing is written: neither a log nor a program reads it. */
export function createProgress({
  unit,
  stream = process.stderr,
  now = () => performance.now(),
}: ProgressOptions): Progress {
  const beganAt = now();
  let bar: SingleBar | undefined;
  return {
    update: (done, total, note = '') => {
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
