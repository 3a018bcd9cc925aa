import { setTimeout as wait } from 'node:timers/promises';
import type { Database, Queries } from './database.js';

/** Maximum rows a transaction changes: a few milliseconds of work. */
export const rowsPerBatch = 100;
/** Maximum pause between two batches, in milliseconds. */
const maxPause = 50;

/**
 * Does long work in transactions of a few milliseconds, and pauses after each for as long as it took, so that requests
 * get the database in between. Each batch must find the remaining work itself: an interrupted run is continued by the
 * next call.
 * @param work changes at most `limit` rows and returns how many; fewer than `limit` means that none are left.
 * @param onCommit is called after each batch is committed.
 */
export async function runInBatches(
  { longRunning }: Pick<Database, 'longRunning'>,
  work: (queries: Queries, limit: number) => Promise<number>,
  onCommit: () => void = () => undefined,
): Promise<void> {
  for (;;) {
    const began = performance.now();
    const done = await longRunning.transaction((transaction) => work(transaction, rowsPerBatch));
    onCommit();
    if (done < rowsPerBatch) return;
    await wait(Math.min(performance.now() - began, maxPause));
  }
}
