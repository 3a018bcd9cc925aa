import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/**
 * If `TEST_PARALLELISM` is a number, Node reports that many cores, to test for other machines: `TEST_PARALLELISM=16 npm
 * test`.
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
  // Also for named imports that exist already.
  syncBuiltinESMExports();
}
