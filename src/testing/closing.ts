interface Closable {
  close(): Promise<void>;
}

const opened = new Set<Closable>();

/** Notes what is to be closed at the latest when the tests end. */
export function noteOpened<T extends Closable>(closable: T): T {
  opened.add(closable);
  return closable;
}

export function noteClosed(closable: Closable): void {
  opened.delete(closable);
}

/** Closes all services and databases of tests that are still open. */
export async function closeAll(): Promise<void> {
  const left = [...opened].reverse();
  opened.clear();
  for (const closable of left) await closable.close();
}

/** For mocha's `--require latchkey/testing`: what a failed test has left open would keep mocha from ending. */
export const mochaHooks = { afterAll: closeAll };
