import type { RootHookObject } from 'mocha';
import { removeDatabaseFiles } from './databases.js';
import { stopPostgres } from './postgres.js';

export const mochaHooks: RootHookObject = {
  afterAll: async () => {
    await stopPostgres();
    await removeDatabaseFiles();
  },
};
