// Remembers the source of each compiled file. Several programs write into one folder (with the tests and without), and files
// are removed there: what one program remembers of its own writing is not enough.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export class EmittedFiles {
  readonly #root: string;
  readonly #file: string;
  readonly #versions: Record<string, string>;

  constructor(root: string) {
    this.#root = root;
    this.#file = join(root, 'dist/emitted.json');
    this.#versions = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, string>)
      : {};
  }

  /** @param output below the root */
  isOf(output: string, version: string): boolean {
    return this.#versions[output] === version && existsSync(join(this.#root, output));
  }

  set(output: string, version: string): void {
    this.#versions[output] = version;
  }

  /** Until it is saved, the next process takes nothing for written. */
  forget(): void {
    rmSync(this.#file, { force: true });
  }

  save(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#versions));
  }
}
