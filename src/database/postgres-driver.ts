// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- pg is loaded synchronously, and only where it is used
import { createRequire } from 'node:module';
import type pg from 'pg';

const require = createRequire(import.meta.url);

/** Loaded at its first use, for speed: on SQLite it would take 22 of the 510 ms of a start, and 13 MB. */
export const loadDriver = (): typeof pg => require('pg') as typeof pg;
