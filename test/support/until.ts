import { setTimeout as wait } from 'node:timers/promises';
import { computeTimeLeft } from './failures.js';

/**
 * Resolves once it is so; nothing waits for it afterwards.
 * @param what is printed where it is not so in time; by default the condition as it is written
 * @param limit milliseconds; by default until shortly before mocha's own timeout
 * @throws where it is not so in time
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string | (() => string) = String(isSo),
  limit = computeTimeLeft(),
): Promise<void> {
  const end = performance.now() + limit;
  const late = (how: string): Error =>
    new Error(
      `Not so within ${(limit / 1000).toFixed(1)} s${how}: ${typeof what === 'string' ? what : what()}`,
    );
  while (!(await inTime(isSo(), end, () => late(', and the last question has no response')))) {
    if (performance.now() >= end) throw late('');
    await wait(5, undefined, { ref: false });
  }
}

/** @param end as of `performance.now()` */
export async function inTime<T>(value: T | Promise<T>, end: number, createError: () => Error): Promise<T> {
  if (!(value instanceof Promise) || end === Infinity) return value;
  const done = new AbortController();
  const late = wait(Math.max(0, end - performance.now()), undefined, {
    signal: done.signal,
    ref: false,
  }).then(
    () => {
      throw createError();
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([value, late]);
  } finally {
    done.abort();
  }
}
