import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/**
 * Loaded before everything else, also in the processes that tests start: where `TEST_PARALLELISM` is a number, Node says
 * that there are as many cores. What depends on them shows on a machine with others: `TEST_PARALLELISM=16 npm test`.
 */
const variable = 'TEST_PARALLELISM';
const given = process.env[variable];

if (given !== undefined) {
  if (!/^[1-9]\d{0,3}$/.test(given))
    throw new Error(`${variable} is "${given}", but must be a number of cores.`);
  const cores = Number(given);
  const [core] = os.cpus();
  os.availableParallelism = () => cores;
  os.cpus = () => (core ? Array.from({ length: cores }, () => core) : []);
  // What was imported by name already, too.
  syncBuiltinESMExports();
}
