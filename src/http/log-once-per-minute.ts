const minute = 60_000;

/**
 * Has something that may happen thousands of times a second logged at once, and from then on once a minute.
 * @param write is told how often it happened since it was told last, and what the last one was.
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
