import type { RootHookObject } from 'mocha';

interface Closable {
  close(): unknown;
}

const opened = new Set<Closable>();

/** Registers what a test must close; if the test fails before, it is closed with the others. */
export function noteOpened<T extends Closable>(thing: T): T {
  opened.add(thing);
  return thing;
}

/** Calls `close` of everything registered. */
export function noteClosed(thing: Closable): void {
  opened.delete(thing);
}

/** After the last file of a process, or after each file in a parallel run: otherwise the process would not end. */
export const mochaHooks: RootHookObject = {
  async afterAll() {
    const left = [...opened].reverse();
    opened.clear();
    for (const thing of left) await thing.close();
  },
};
