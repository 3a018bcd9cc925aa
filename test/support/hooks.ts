import type { RootHookObject } from 'mocha';
import { removeDatabaseFiles } from './databases.js';
import { startPostgres, stopPostgres } from './postgres.js';

/** Once for the whole run, before the processes that run the files. */
export const mochaGlobalSetup = startPostgres;
export const mochaGlobalTeardown = stopPostgres;

/** After the last of the files that a process runs, or after each where they run in parallel. */
export const mochaHooks: RootHookObject = {
  afterAll: removeDatabaseFiles,
};
