import type { RootHookObject } from 'mocha';
import { stopPostgres } from './postgres.js';

export const mochaHooks: RootHookObject = {
  afterAll: stopPostgres,
};
