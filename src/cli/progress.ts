import type { WriteStream } from 'node:tty';

/** Milliseconds between lines. */
const terminalInterval = 100;
const logInterval = 10_000;

export interface Progress {
  /** Not every call prints. */
  show(text: string): void;
  /** Clears the line on a terminal. */
  end(): void;
}

/**
 * Shows the progress of long work: on a terminal in one line that changes, elsewhere in a new line from time to time.
 * @param now monotonic milliseconds.
 */
export function createProgress(
  stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean },
  now: () => number = () => performance.now(),
): Progress {
  let shownAt = now();
  let isShown = false;
  return {
    show: (text) => {
      if (now() - shownAt < (stream.isTTY ? terminalInterval : logInterval)) return;
      shownAt = now();
      isShown = true;
      stream.write(stream.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
    },
    end: () => {
      if (isShown && stream.isTTY) stream.write('\r\x1b[K');
      isShown = false;
    },
  };
}
