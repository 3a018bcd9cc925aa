// What `latchkey dev` runs: the project in the working directory as it is compiled, without a look at its sources. It loads
// while the one before it still serves, and takes over when it is told to.
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {{ start: (project: object) => Promise<void> }} MainModule */
/** @typedef {{ default: object }} ProjectModule */

const { start } = /** @type {MainModule} */ (
  await import(new URL('../dist/src/server/main.js', import.meta.url).href)
);
const { default: project } = /** @type {ProjectModule} */ (
  await import(pathToFileURL(join(process.cwd(), 'dist/src/project.js')).href)
);
// Nobody is left to end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGINT'));
process.send?.('loaded');
await once(process, 'message');
process.channel?.unref();
await start(project);
if (process.exitCode === undefined) process.send?.('ready');
