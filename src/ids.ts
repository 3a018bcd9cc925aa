import { v7 } from 'uuid';
import type { Clock } from './clock.js';

/** A UUIDv7 (RFC 9562 §5.7): ordered by the clock's time, so that an index on it grows at its end. */
export function createId(clock: Clock): string {
  return v7({ msecs: clock.now() });
}
