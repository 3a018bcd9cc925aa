import mocha from 'mocha';

/**
 * Explains tests and hooks that fail: what is described here is printed below their stacks, also where mocha's own timeout
 * ends one. Mocha calls no hook after a `before` that fails, and in a parallel run its reporter is in another process than
 * the tests; so its Runner is told here.
 */

/** @returns a text about something that is open; undefined: there is nothing to say. */
type Describe = () => string | undefined;

const described = new Set<Describe>();

/** @returns ends it. */
export function describeOnFailure(describe: Describe): () => void {
  described.add(describe);
  return () => {
    described.delete(describe);
  };
}

/** What is open now, as a failure shows it. */
function describeState(): string {
  return [...described].flatMap((describe) => describe() ?? []).join('\n\n');
}

interface Runnable {
  timeout(): number;
  run: (this: Runnable, done: (error?: unknown) => void) => void;
}

/** What runs now, and since when. */
let current: { readonly runnable: Runnable; readonly since: number } | undefined;

const outside = 60_000;

/**
 * Milliseconds that a wait may last: a tenth less than what is left to the test or hook, so that the wait's own message is
 * what is seen, and not that of mocha's timeout.
 */
export function computeTimeLeft(): number {
  if (!current) return outside;
  const limit = current.runnable.timeout();
  return limit === 0 ? Infinity : Math.max(0, limit * 0.9 - (performance.now() - current.since));
}

const { Runnable, Runner } = mocha as unknown as {
  readonly Runnable: { readonly prototype: Runnable };
  readonly Runner: {
    readonly prototype: { fail: (this: unknown, test: Runnable, error: unknown, force?: boolean) => void };
  };
};
const { run } = Runnable.prototype;
Runnable.prototype.run = function (done) {
  current = { runnable: this, since: performance.now() };
  run.call(this, done);
};
const ownFrames = /^ +at .*\bsupport\/failures\.js:.*\n?/gm;
const { fail } = Runner.prototype;
Runner.prototype.fail = function (test, error, force) {
  const state = describeState();
  if (error instanceof Error) {
    const stack = (error.stack ?? error.message).replaceAll(ownFrames, '');
    // Below the stack: of the message mocha shows a part alone where there is a diff.
    error.stack = state === '' ? stack : `${stack}\n\n${state}`;
  }
  fail.call(this, test, error, force);
};
