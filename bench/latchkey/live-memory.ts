// Loaded before the service (`--import`, with --expose-gc): each SIGUSR2 collects garbage and writes what is still alive,
// in bytes, to the file that BENCH_LIVE_MEMORY names.
import { renameSync, writeFileSync } from 'node:fs';

const file = process.env['BENCH_LIVE_MEMORY'] ?? '';

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.part`, String(heapUsed + external));
  renameSync(`${file}.part`, file); // the reader that waits for it reads all of it
});
