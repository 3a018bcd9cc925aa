import { syncBuiltinESMExports } from 'node:module';
import workers, { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * For `--import`: makes threads fail as where a process may have no more of them. `TEST_LIMITED_THREADS=password-hash 1
 * refused` lets one thread of this name start; the next ones are `refused` (as by `ulimit -u`), or `broken`: they end
 * before they have loaded anything (as by `ulimit -n`).
 */
const variable = 'TEST_LIMITED_THREADS';
const started = new Map<string, number>();

class LimitedWorker extends Worker {
  constructor(file: URL, options: WorkerOptions = {}) {
    const [limited = '', limit = '0', how] = process.env[variable]?.split(' ') ?? [];
    const { name = '' } = options;
    const count = (started.get(name) ?? 0) + 1;
    const fails = name === limited && count > Number(limit);
    if (fails && how === 'refused')
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    super(fails ? new URL('data:text/javascript,throw new Error("EMFILE")') : file, options);
    if (!fails) started.set(name, count);
  }
}

workers.Worker = LimitedWorker;
// Also for named imports that exist already.
syncBuiltinESMExports();
