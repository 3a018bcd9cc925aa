// Skips steps of a build whose inputs are the same as last time, and whose outputs are unchanged since. It compares contents,
// because a checkout and a copy of the folder change times.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

interface Step {
  /** Files that the step only knows of by having been done, below the root: they are inputs, too. */
  readonly found: readonly string[];
  readonly inputs: string;
  readonly outputs: string;
  /** What it had to say, and would say again. */
  readonly warnings: readonly string[];
}

interface StepOptions {
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
    return done.outputs === hashFiles(this.#root, options.outputs) ? done : undefined;
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
      outputs: hashFiles(this.#root, options.outputs),
    };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#done));
  }

  #inputsOf({ inputs, key = '' }: StepOptions, found: readonly string[]): string {
    return `${hashFiles(this.#root, [...inputs, ...found])} ${key}`;
  }
}

/** @param names files and folders below the root; what is not there counts as that. */
export function hashFiles(root: string, names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names.flatMap((each) => listFiles(root, each))) {
    const path = join(root, name);
    const content = existsSync(path) ? readFileSync(path) : undefined;
    hash.update(`${name} ${content?.length ?? 'none'}\n`).update(content ?? '');
  }
  return hash.digest('hex');
}

function listFiles(root: string, name: string): string[] {
  const path = join(root, name);
  if (!existsSync(path) || !statSync(path).isDirectory()) return [name];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
