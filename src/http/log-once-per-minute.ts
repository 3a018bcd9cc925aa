const minute = 60_000;

/**
 * Logs an event that may happen thousands of times a second: the first time at once, then once a minute.
 * @param write called with the number of events since the last call, and the last event.
 */
export function logOncePerMinute<T>(write: (count: number, last: T) => void): (what: T) => void {
  let count = 0;
  let last: T;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    if (count === 0) return;
    const happened = count;
    count = 0;
    timer = setTimeout(tell, minute).unref();
    write(happened, last);
  };
  return (what) => {
    count += 1;
    last = what;
    if (!timer) tell();
  };
}
