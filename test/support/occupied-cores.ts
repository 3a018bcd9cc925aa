import { availableParallelism } from 'node:os';
import type { Passwords } from '../../src/passwords/passwords.js';

/**
 * Takes every core that passwords are checked on, and every place in the queue behind them: who comes now is refused.
 * @param queue how many places it has.
 * @returns lets all of them go.
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
