/** A receiver asks for a pause. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';

  /** @param wait milliseconds. */
  constructor(
    message: string,
    readonly wait: number,
  ) {
    super(message);
  }
}

/**
 * Milliseconds until the time of a `Retry-After` (RFC 9110 §10.2.3: seconds, or a date); undefined for anything else.
 * @param now milliseconds since the Unix epoch.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Date.parse takes much more than HTTP's dates, such as "-5".
  const time = /^[A-Z][a-z]+,? .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
