// Skips steps of a build whose inputs are the same as last time, and whose outputs are unchanged since.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fingerprint } from '../../bin/sources.js';

/** What decides on the outcome of a step beside its sources: packages, settings, and the steps themselves. */
export const toolFiles = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tools/project',
  'tools/contract',
];

interface Step {
  /** Files that the step only knows of by having been done, below the root: they are inputs, too. */
  readonly found: readonly string[];
  readonly inputs: string;
  readonly outputs: string;
  /** What it had to say, and would say again. */
  readonly warnings: readonly string[];
}

export interface StepOptions {
  /** Files and folders below the root. */
  readonly inputs: readonly string[];
  /** Files below the root. */
  readonly outputs: readonly string[];
  /** What else decides on the outputs. */
  readonly key?: string;
}

export class Steps {
  readonly #root: string;
  readonly #file: string;
  readonly #done: Record<string, Step>;

  constructor(root: string, file: string) {
    this.#root = root;
    this.#file = join(root, file);
    this.#done = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, Step>)
      : {};
  }

  /** @returns the step as it was done; undefined where it has to be done again. */
  find(name: string, options: StepOptions): Step | undefined {
    const done = this.#done[name];
    if (done?.inputs !== this.#inputsOf(options, done?.found ?? [])) return undefined;
    return done.outputs === fingerprint(this.#root, options.outputs) ? done : undefined;
  }

  /** @param found other files that were read */
  setDone(
    name: string,
    options: StepOptions,
    { found = [], warnings = [] }: Partial<Pick<Step, 'found' | 'warnings'>> = {},
  ): void {
    this.#done[name] = {
      found,
      warnings,
      inputs: this.#inputsOf(options, found),
      outputs: fingerprint(this.#root, options.outputs),
    };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#done));
  }

  #inputsOf({ inputs, key = '' }: StepOptions, found: readonly string[]): string {
    return `${fingerprint(this.#root, [...inputs, ...found])} ${key}`;
  }
}
