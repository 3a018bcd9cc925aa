// TypeScript 7 is a program of its own, without the interface that tsoa needs. It checks and compiles in a third of the
// processor time, and beside this process.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { EmittedFiles } from './emitted.ts';

export interface Compilation {
  readonly errors: readonly string[];
  /** Sources, below the root and without packages. */
  readonly sources: readonly string[];
}

interface Run {
  readonly errors: readonly string[];
  readonly sources: readonly string[];
  /** Below the root. */
  readonly written: ReadonlySet<string>;
}

export class NativeCompiler {
  readonly #root: string;
  readonly #program: string;

  private constructor(root: string, program: string) {
    this.#root = root;
    this.#program = program;
  }

  /** @returns undefined where it is not installed, as on a platform that it has no binary for. */
  static find(root: string): NativeCompiler | undefined {
    try {
      const ofProject = createRequire(join(root, 'package.json'));
      const ofPackage = createRequire(ofProject.resolve('typescript7/package.json'));
      const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
      const name = process.platform === 'win32' ? 'tsc.exe' : 'tsc';
      const program = join(dirname(ofPackage.resolve(platform)), 'lib', name);
      return new NativeCompiler(root, program);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
      return undefined;
    }
  }

  /** @param configFile below the root; @returns what is wrong with its types. */
  async check(configFile: string): Promise<readonly string[]> {
    const { errors } = await this.#run(configFile, ['--noEmit', '--incremental', 'false']);
    return errors;
  }

  /**
   * Writes what is not written yet as it is now, and nothing where something is wrong.
   * @param configFile below the root
   * @param outputs versions of the sources, by the files that are made of them
   */
  async compile(
    configFile: string,
    outputs: ReadonlyMap<string, string>,
    emitted: EmittedFiles,
  ): Promise<Compilation> {
    const memory = join(this.#root, 'dist', `native-${nameMemory(configFile)}.tsbuildinfo`);
    const run = (): Promise<Run> =>
      this.#run(configFile, [
        ...['--noEmitOnError', '--incremental', '--tsBuildInfoFile', memory],
        ...['--listFiles', '--listEmittedFiles'],
      ]);
    let { errors, sources, written } = await run();
    const isWritten = ([output, version]: readonly [string, string]): boolean =>
      written.has(output) || emitted.isOf(output, version);
    if (errors.length === 0 && ![...outputs].every(isWritten)) {
      // What another compiler has written since, or what was removed.
      rmSync(memory, { force: true });
      ({ errors, sources, written } = await run());
    }
    if (errors.length === 0) for (const [output, version] of outputs) emitted.set(output, version);
    return { errors, sources };
  }

  #run(configFile: string, options: readonly string[]): Promise<Run> {
    // A core is this process's.
    const checkers = String(Math.max(1, Math.min(availableParallelism() - 1, 4)));
    const words = ['--project', configFile, '--pretty', 'false', '--checkers', checkers, ...options];
    const child = spawn(this.#program, words, {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'inherit'],
      // Half as many collections as by default, for little memory.
      env: { GOGC: '200', ...process.env },
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        const run = this.#read(printed);
        if (code === 0 || run.errors.length > 0) resolve(run);
        else reject(new Error(`TypeScript 7 ended with ${code}.\n${printed}`));
      });
    });
  }

  #read(printed: string): Run {
    const errors: string[] = [];
    const sources: string[] = [];
    const written = new Set<string>();
    for (const line of printed.split(/\r?\n/)) {
      const [, file] = /^TSFILE: (.*)$/.exec(line) ?? [];
      const [, place = '', code, message] = /^(?:(.*): )?error TS(\d+): (.*)$/.exec(line) ?? [];
      if (file !== undefined) written.add(this.#name(file));
      else if (code !== undefined) {
        const at = place.replace(/\((\d+),(\d+)\)$/, ':$1:$2');
        errors.push(`${at === '' ? '' : `${at}: `}${message} (TS${code})`);
      } else if (line.startsWith(' ') && errors.length > 0) {
        errors.push((errors.pop() ?? '').replace(/ \(TS\d+\)$/, (end) => `\n${line}${end}`));
      } else if (line !== '' && existsSync(line)) {
        const name = this.#name(line);
        if (!name.startsWith('..') && !name.includes('node_modules/')) sources.push(name);
      }
    }
    return { errors, sources, written };
  }

  #name(file: string): string {
    return relative(this.#root, file).replaceAll(sep, '/');
  }
}

/** A name for what it remembers of one configuration. */
function nameMemory(configFile: string): string {
  const folder = dirname(configFile);
  return folder === '.' ? basename(configFile, '.json') : basename(folder);
}
