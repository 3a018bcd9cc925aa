/** The one source of the time, injected so that tests can move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Whether it stands still until someone moves it. No other clock goes on then, a database's own neither. */
  readonly standsStill?: boolean;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Whole seconds since the Unix epoch, as JWT's NumericDate counts them (RFC 7519 §2). */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
