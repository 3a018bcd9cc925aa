/** Calls that wait for their turn, the first one first. */
const waiting: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop, one call in each. To be awaited between pages of a few milliseconds: SQLite is read
 * on this thread, and the promises of a read that has its rows already give no turn to anything else, and neither does a client
 * that reads quickly. However many such loops run, requests wait for one page.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(endTurn);
  });
}

function endTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(endTurn);
}
