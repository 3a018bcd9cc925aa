// `npm run dev`: rebuilds and restarts on each change; a build that fails leaves the last good one running.
import { spawn, type ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { isStale, root } from '../bin/sources.js';
import { build, ensureBuilt } from './compile.ts';

/** Editors write a file in several steps, and several files at once. */
const settleFor = 100;

export function develop(): void {
  let service: ChildProcess;
  let timer: NodeJS.Timeout | undefined;
  /** What comes after the service's end, where it was told to end. */
  let next: (() => void) | undefined;
  const start = (): void => {
    next = undefined;
    service = spawn(process.execPath, [join(root, 'bin/latchkey.js'), 'start'], { stdio: 'inherit' });
    service.once('exit', () => next?.());
  };
  const end = (signal: NodeJS.Signals, then: () => void): void => {
    const hasEnded = service.exitCode !== null || service.signalCode !== null;
    next = then;
    if (hasEnded) then();
    else service.kill(signal);
  };
  const watcher = watch(join(root, 'src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isStale() || !build(false)) return;
      console.log('Rebuilt; restarting.');
      end('SIGTERM', start);
    }, settleFor);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      watcher.close();
      clearTimeout(timer);
      end(signal, () => process.exit(0));
    });
  }
  ensureBuilt(false);
  start();
}
