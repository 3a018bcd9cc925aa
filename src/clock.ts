/** The one source of the time, injected so that tests can move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Whether it stands still until a test moves it. The database's own clock is not used then, either. */
  readonly standsStill?: boolean;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Whole seconds since the Unix epoch, as JWT's NumericDate counts them (RFC 7519 §2). */
export function getEpochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/** As RFC 3339 has it, in UTC. @param at milliseconds since the Unix epoch. */
export function formatTime(at: number): string {
  return new Date(at).toISOString();
}

/** A length of time for a person, in the largest unit that it is whole in; two days and less in hours. */
export function formatDuration(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  for (const [unit, length] of units) {
    if (seconds % length !== 0 || (unit === 'day' && seconds <= 2 * length)) continue;
    return seconds === length ? `1 ${unit}` : `${seconds / length} ${unit}s`;
  }
  return `${seconds} seconds`;
}
