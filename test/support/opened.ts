import type { RootHookObject } from 'mocha';

interface Closable {
  close(): unknown;
}

const opened = new Set<Closable>();

/** For what must not outlive its test, which closes it; where the test fails before, it is closed with the others. */
export function noteOpened<T extends Closable>(thing: T): T {
  opened.add(thing);
  return thing;
}

/** For the `close` of what was noted. */
export function noteClosed(thing: Closable): void {
  opened.delete(thing);
}

/** After the last of the files that a process runs, or after each where they run in parallel: or it never ended. */
export const mochaHooks: RootHookObject = {
  async afterAll() {
    const left = [...opened].reverse();
    opened.clear();
    for (const thing of left) await thing.close();
  },
};
