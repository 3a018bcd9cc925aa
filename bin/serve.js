// What `latchkey dev` runs: the service as it is compiled, without a look at its sources. It loads while the one before it
// still serves, and takes over when it is told to.
import { once } from 'node:events';

/** @typedef {{ main: () => Promise<void> }} MainModule */

const { main } = /** @type {MainModule} */ (
  await import(new URL('../dist/src/server/main.js', import.meta.url).href)
);
// Nobody is left to end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGINT'));
process.send?.('loaded');
await once(process, 'message');
process.channel?.unref();
await main();
if (process.exitCode === undefined) process.send?.('ready');
