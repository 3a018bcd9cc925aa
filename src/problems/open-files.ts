import { retryLater, type Problem } from './problem.js';

/** For `OutageLog`. */
export const openFilesSubject = 'opening a file';

/** Node's module loader has only the words. */
const words = /too many open files/i;

/** Whether an error, or what caused it, is that the process or the machine has too many open files (`ulimit -n`). */
export function isOutOfFiles(error: unknown): boolean {
  // A project's errors may cause each other in a circle.
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE' || words.test(each.message)) return true;
    seen.add(each);
  }
  return false;
}

/** A 503: with the next connection that ends there may be a file again. */
export function createOpenFilesProblem(cause: unknown): Problem {
  return retryLater('not_ready', 1, { detail: 'The service has too many open files.', cause });
}
