import { setTimeout as wait } from 'node:timers/promises';

/** Resolves once it is so; the test's own timeout ends what never is, and nothing waits for it afterwards. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(5, undefined, { ref: false });
}
