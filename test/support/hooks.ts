import type { RootHookObject } from 'mocha';
import { beginCoverage, endCoverage } from './contract-coverage.js';
import { removeDatabaseFiles } from './databases.js';
import { startPostgres, stopPostgres } from './postgres.js';
import './random.js';

/** Once for the whole run, before the processes that run the files. */
export async function mochaGlobalSetup(): Promise<void> {
  beginCoverage();
  await startPostgres();
}

export async function mochaGlobalTeardown(): Promise<void> {
  await stopPostgres();
  // A run with arguments is one of some tests.
  if (process.argv.length === 2) endCoverage();
}

/** After the last of the files that a process runs, or after each where they run in parallel. */
export const mochaHooks: RootHookObject = {
  afterAll: removeDatabaseFiles,
};
