import type { RootHookObject } from 'mocha';
import { beginCoverage, endCoverage } from './contract-coverage.js';
import { makeTemplates, removeDatabaseFiles, removeTemplates } from './databases.js';
import { startPostgres, stopPostgres } from './postgres.js';
import './random.js';

/** Once for the whole run, before the processes that run the files. */
export async function mochaGlobalSetup(): Promise<void> {
  beginCoverage();
  await startPostgres();
  await makeTemplates();
}

export async function mochaGlobalTeardown(): Promise<void> {
  await removeTemplates();
  await stopPostgres();
  // A run with arguments does not include all tests.
  if (process.argv.length === 2) endCoverage();
}

/** After the last file of a process, or after each file in a parallel run. */
export const mochaHooks: RootHookObject = {
  afterAll: removeDatabaseFiles,
};
