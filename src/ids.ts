import { v7 } from 'uuid';
import type { Clock } from './clock.js';

/** A UUIDv7 (RFC 9562 §5.7): ordered by the clock's time, so that an index on it grows at its end. */
export function createId(clock: Clock): string {
  return v7({ msecs: clock.now() });
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in lower case, as all ids here are. */
export function isId(text: string): boolean {
  return uuid.test(text);
}

/** What all ids of this time or later, in milliseconds since the Unix epoch, are not less than, and all earlier ones are. */
export function findFirstIdAt(at: number): string {
  const hex = Math.min(Math.max(Math.floor(at), 0), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
