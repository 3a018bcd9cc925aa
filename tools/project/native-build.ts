// What TypeScript 7 does of a build: it begins before the rest, and goes on beside it.
import type { Compiler } from './compiler.ts';
import type { EmittedFiles } from './emitted.ts';
import type { Compilation, NativeCompiler } from './native-compiler.ts';

export class NativeBuild {
  readonly #native: NativeCompiler;
  readonly #emitted: EmittedFiles;
  readonly #running = new Map<string, Promise<Compilation>>();

  constructor(native: NativeCompiler, emitted: EmittedFiles) {
    this.#native = native;
    this.#emitted = emitted;
    // Where it is ended meanwhile, nobody knows what was written.
    emitted.forget();
  }

  /**
   * Compiles what is on disk now, once more where it was started before.
   * @param compiler which knows what is made of which source
   */
  start(configFile: string, compiler: Compiler): void {
    const compile = (): Promise<Compilation> =>
      this.#native.compile(configFile, compiler.listOutputs(), this.#emitted);
    const before = this.#running.get(configFile);
    this.#running.set(configFile, before ? before.then(compile) : compile());
  }

  /** @returns undefined where it was not started. */
  async find(configFile: string): Promise<Compilation | undefined> {
    return this.#running.get(configFile);
  }

  async end(): Promise<void> {
    await Promise.all(this.#running.values());
    this.#emitted.save();
  }
}
