interface Mocha {
  readonly describe: (name: string, declare: () => void) => void;
  readonly before: (run: (this: { skip(): void }) => Promise<void>) => void;
  readonly after: (run: () => Promise<void> | undefined) => void;
}

/**
 * Mocha's global functions; this package does not depend on it.
 * @throws where another test runner runs.
 */
export function mocha(): Mocha {
  const { describe, before, after } = globalThis as Partial<Mocha>;
  if (describe && before && after) return { describe, before, after };
  throw new Error('This needs mocha. With another test runner, use openTestDatabase.');
}
