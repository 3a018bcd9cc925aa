import type { WriteStream } from 'node:tty';

/** How often it is shown, in milliseconds: on a terminal, and in a file or a log. */
const terminalInterval = 100;
const logInterval = 10_000;

export interface Progress {
  /** How far it is now. Not all that is said is shown. */
  show(text: string): void;
  /** Takes what is shown away from a terminal. */
  end(): void;
}

/**
 * Shows how far long work is: in one line that changes on a terminal, and elsewhere in a line now and then.
 * @param now milliseconds that only grow.
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
