import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A package that few installations need: it is loaded when it is asked for first, and the start of the others does not
 * wait for it. Kept to those that took a measurable part of the start.
 */
export function lazily(name: string): () => unknown {
  return () => require(name) as unknown;
}
