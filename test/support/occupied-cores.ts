import { availableParallelism } from 'node:os';
import type { Passwords } from '../../src/passwords/passwords.js';

/**
 * Occupies every core that checks passwords, and the whole queue: the next request is refused.
 * @param queue the length of the queue.
 * @returns a function that releases all of them.
 */
export function occupyCores(passwords: Passwords, queue: number): () => Promise<void> {
  let letGo = (): void => undefined;
  const untilThen = new Promise<void>((resolve) => (letGo = resolve));
  const held = Array.from({ length: availableParallelism() + queue }, () =>
    passwords.runOnFreeCore(() => untilThen),
  );
  return async () => {
    letGo();
    await Promise.all(held);
  };
}
