import { setTimeout as wait } from 'node:timers/promises';
import type { Database, Queries } from './database.js';

/** How many rows a transaction touches at most, where there may be any number of them: a few milliseconds of work. */
export const rowsPerBatch = 100;
/** For how long, in milliseconds, the database is left to others between two batches, however long one took. */
const maxPause = 50;

/**
 * Does long work in transactions of a few milliseconds, and leaves the database to others for as long as each took.
 * Whatever was begun is for the next call to go on with: each batch must find by itself what there is left to do.
 * @param work does so many rows at most, and says how many; where they were fewer, there are no more.
 * @param onCommit is called when what `work` did last is committed.
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
