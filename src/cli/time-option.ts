import { InvalidArgumentError } from 'commander';
import type { Clock } from '../clock.js';
import { createDurationParser } from '../config/setting-parsers.js';
import { UsageError } from './exit-codes.js';

const date = /^\d{4}-\d{2}-\d{2}$/;
/** With its offset: a time without one would be that of the machine, which its operator may not know. */
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
const ago = /^\d+[smhd]$/;

/**
 * A day (UTC), a time, or how long ago.
 * @returns milliseconds since the Unix epoch.
 * @throws {UsageError}
 */
export function parseTimeOption(name: string, text: string | undefined, clock: Clock): number | undefined {
  if (text === undefined) return undefined;
  if (ago.test(text)) return clock.now() - createDurationParser(0, Number.MAX_SAFE_INTEGER)(text) * 1000;
  const at = date.test(text) || dateTime.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `${name} must be a day such as 2026-11-29 (UTC), a time such as 2026-11-29T20:00Z, or how long ago, such as 30m, 12h or 7d.`,
    );
  }
  return at;
}

/** For commander. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count === 0)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return count;
}
