import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import type { Report } from './typed.ts';

/** @returns what it prints where it fails; undefined: it does not. */
export async function run([program = '', ...parameters]: readonly string[]): Promise<string | undefined> {
  const child = spawn(program, parameters, { cwd: root, shell: process.platform === 'win32' });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? undefined : printed;
}

/** Those of tools/check/typed.ts. */
export class TypedChecks {
  readonly names: readonly string[];
  readonly #reports = new Map<string, PromiseWithResolvers<string | undefined>>();

  constructor(names: readonly string[]) {
    this.names = names;
    for (const name of names) this.#reports.set(name, Promise.withResolvers());
  }

  async run(): Promise<void> {
    const child = fork(join(root, 'tools/check/typed.ts'), this.names, { cwd: root });
    child.on('message', (message) => {
      const { name, found } = message as Report;
      this.#reports.get(name)?.resolve(found);
    });
    await once(child, 'exit');
    for (const { resolve } of this.#reports.values()) resolve('It ended early, as it says above.');
  }

  /** @returns what a check has found; undefined: nothing, or it was not asked for. */
  async find(name: string): Promise<string | undefined> {
    return this.#reports.get(name)?.promise;
  }
}
