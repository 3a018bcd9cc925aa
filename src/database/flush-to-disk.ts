import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Of a file its contents, of a folder which names are in it. */
export function flushToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
