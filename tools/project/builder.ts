// One build after another in one process, each of what has changed since the one before: routes and contract from the
// controllers (tsoa), then the compiled code.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type ts from 'typescript';
import { packageFingerprint, root as packageFolder } from '../../bin/sources.js';
import {
  checkControllers,
  formatFinding,
  readSources,
  type Finding,
  type Sources,
} from '../contract/check-controllers.ts';
import { explainTsoaError } from '../contract/tsoa-errors.ts';
import { Compiler, SourceCache } from './compiler.ts';
import { completeContract } from './contract-step.ts';
import { findControllers } from './controller-files.ts';
import { EmittedFiles } from './emitted.ts';
import { NativeBuild } from './native-build.ts';
import type { Compilation, NativeCompiler } from './native-compiler.ts';
import { removeOrphans } from './orphans.ts';
import { page, listPageFiles, pageStep } from './page.ts';
import { partsOf, type Part } from './parts.ts';
import { findProjectErrors } from './project-file.ts';
import { readCheckOptions } from './raw-documents.ts';
import { Steps, toolFiles } from './steps.ts';
import { generate, readPart, readMetadata, UnsuitableTsoa } from './tsoa.ts';
import { findConfigErrors, readTsoaConfig } from './tsoa-config.ts';

/** Made by the build, and not compiled. */
const wordLists = ['common-passwords.bin', 'strength-words.json.gz', 'word-lists-notices.txt'].map((name) =>
  join('dist', 'src', 'passwords', name),
);

export interface Outcome {
  /** All that is wrong, in one go. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Whether there is something else to run. */
  readonly hasChanged: boolean;
}

interface BuilderOptions {
  readonly withTests: boolean;
  /** What checks types and compiles beside this process; by default this process does. */
  readonly native?: NativeCompiler | undefined;
  /** Takes warnings for errors, and what the build writes in the author's place, too. */
  readonly isStrict?: boolean;
}

/** What does not compile in what tsoa writes is wrong in a controller, which has its own error mostly. */
function isGenerated(error: string): boolean {
  return error.startsWith('generated/');
}

export class Builder {
  readonly #root: string;
  readonly #withTests: boolean;
  readonly #isStrict: boolean;
  readonly #native: NativeCompiler | undefined;
  /** Whether it builds Latchkey itself, whose checkout is a project, too. */
  readonly #isLatchkey: boolean;
  readonly #shared;
  readonly #steps: Steps;
  readonly #compilers = new Map<string, Compiler>();
  readonly #parts: readonly Part[];
  #hasChanged = false;
  #warnings: string[] = [];

  constructor(root: string, { withTests, isStrict = false, native }: BuilderOptions) {
    this.#root = root;
    this.#withTests = withTests;
    this.#isStrict = isStrict;
    this.#native = native;
    this.#isLatchkey = resolve(root) === resolve(packageFolder);
    this.#shared = { cache: new SourceCache(), emitted: new EmittedFiles(root) };
    this.#parts = partsOf(root);
    this.#steps = new Steps(root, 'dist/steps.json');
  }

  /** Builds what has changed. Where something is wrong, what was compiled before stays. */
  async build(): Promise<Outcome> {
    this.#warnings = [];
    const errors = await this.#build();
    const hasChanged = this.#hasChanged;
    // What a failed build has written already is for the next one that works to report.
    if (errors.length === 0) this.#hasChanged = false;
    return { errors, warnings: this.#warnings, hasChanged };
  }

  /** Reads everything that is built already, so that the first build does not have to wait for it. */
  warmUp(): void {
    const compiler = this.getCompiler();
    const program = compiler.load();
    if (compiler.findSyntaxErrors().length > 0) return;
    const config = readTsoaConfig(this.#root, 'tsoa.json');
    readMetadata(this.#root, program, findControllers(this.#root, program, config), config);
    if (compiler.findErrors().length === 0) compiler.skipEmit();
  }

  async #build(): Promise<readonly string[]> {
    mkdirSync(join(this.#root, 'dist/contract'), { recursive: true });
    mkdirSync(join(this.#root, 'generated'), { recursive: true });
    const native = this.#native && new NativeBuild(this.#native, this.#shared.emitted);
    native?.start(this.#configFile(), this.getCompiler());
    if (native && this.#isLatchkey && !this.#steps.find('page', pageStep(this.#root)))
      native.start(page.configFile, this.getCompiler(page.configFile));
    try {
      return await this.#buildBeside(native);
    } finally {
      await native?.end();
    }
  }

  async #buildBeside(native?: NativeBuild): Promise<readonly string[]> {
    // Tests say nothing of the contract.
    const compiler = this.getCompiler(native && this.#configFile(false));
    const program = compiler.load();
    const unreadable = compiler.findSyntaxErrors();
    if (unreadable.length > 0) return unreadable;
    const misconfigured = findConfigErrors(this.#root, this.#parts);
    if (misconfigured.length > 0) return misconfigured;
    const generating = this.#generate(program, () => {
      compiler.load();
      native?.start(this.#configFile(), this.getCompiler());
    });
    const sources = this.#readSources(program);
    const findings = this.#checkControllers(sources);
    this.#warnings = findings.filter(({ severity }) => severity === 'warning').map(formatFinding);
    const errors = [
      ...findings.filter(({ severity }) => severity === 'error').map(formatFinding),
      ...((await native?.find(this.#configFile()))?.errors ?? compiler.findErrors()),
      ...findProjectErrors(this.#root, program),
    ].filter((error, _index, all) => !isGenerated(error) || all.every(isGenerated));
    // Why tsoa fails is often among them, with its line.
    const refused = generating.flatMap((message) => this.#explain(message, sources, errors.length > 0));
    if (errors.length > 0 || refused.length > 0) return [...errors, ...refused];
    if (native) compiler.trust();
    removeOrphans(this.#root, wordLists);
    const ofPage = this.#isLatchkey ? await this.#compilePage(native) : [];
    const emitting = native ? [] : this.#emit(compiler);
    const words = this.#isLatchkey && emitting.length === 0 ? this.#writeWordLists(compiler) : [];
    return [...emitting, ...ofPage, ...words, ...this.#completeContract(compiler, sources)];
  }

  /** @param configFile below the root; that of the build by default */
  getCompiler(configFile = this.#configFile()): Compiler {
    let compiler = this.#compilers.get(configFile);
    if (!compiler) {
      const withoutTests = !this.#withTests && configFile === 'tsconfig.json';
      compiler = new Compiler(this.#root, join(this.#root, configFile), { ...this.#shared, withoutTests });
      this.#compilers.set(configFile, compiler);
    }
    return compiler;
  }

  #configFile(withTests = this.#withTests): string {
    const withoutTests = 'tsconfig.build.json';
    return !withTests && existsSync(join(this.#root, withoutTests)) ? withoutTests : 'tsconfig.json';
  }

  /** @param reload for where the routes have changed, which are part of the program. */
  #generate(program: ts.Program, reload: () => void): string[] {
    const parts = this.#parts.map((part) => {
      const config = readTsoaConfig(this.#root, part.configFile);
      const { routesDir, routesFileName, middlewareTemplate } = config.routes;
      const routesFile = this.#name(join(routesDir, routesFileName));
      return { ...part, config, routesFile, template: this.#name(middlewareTemplate) };
    });
    const step = {
      key: packageFingerprint(this.#root),
      inputs: [...toolFiles, 'src', ...parts.flatMap(({ configFile, template }) => [configFile, template])],
      outputs: parts.flatMap(({ routesFile, documentFile }) => [routesFile, documentFile]),
    };
    const own = parts.at(-1);
    if (!own || this.#steps.find('tsoa', step)) return [];
    for (const { documentFile } of parts) rmSync(join(this.#root, documentFile), { force: true });
    try {
      const controllers = findControllers(this.#root, program, own.config);
      const metadata = readMetadata(this.#root, program, controllers, own.config);
      for (const { has, config, documentFile, routesFile } of parts) {
        const part = readPart(metadata, (location) => has(this.#name(location)));
        const { routes, document } = generate(this.#root, part, config);
        writeFileSync(join(this.#root, documentFile), document);
        if (this.#write(routesFile, routes)) reload();
      }
    } catch (error) {
      if (error instanceof UnsuitableTsoa) throw error;
      return [(error as Error).message];
    }
    this.#steps.setDone('tsoa', step);
    return [];
  }

  /**
   * @param message tsoa's, which seldom says where in the sources it is, and never what to write.
   * @param isKnown whether something else is wrong: what tsoa says without a place is a consequence then.
   */
  #explain(message: string, sources: Sources, isKnown: boolean): string[] {
    const finding = explainTsoaError(message, this.#root, sources);
    if (finding) return [formatFinding(finding)];
    return isKnown ? [] : [`tsoa cannot read the controllers: ${message}`];
  }

  /** What tsoa passes over in silence. */
  #checkControllers(sources: Sources): Finding[] {
    return checkControllers(sources, {
      ...readCheckOptions(this.#root, this.#parts),
      isStrict: this.#isStrict,
    });
  }

  #readSources(program: ts.Program): Sources {
    program.getTypeChecker(); // which gives each node its parent
    return readSources(this.#root, program.getSourceFiles());
  }

  #emit(compiler: Compiler): string[] {
    const { errors, hasChanged } = compiler.emit();
    if (hasChanged) this.#hasChanged = true;
    return errors;
  }

  async #compilePage(native?: NativeBuild): Promise<readonly string[]> {
    for (const file of listPageFiles(this.#root))
      this.#write(join('dist', file), readFileSync(join(this.#root, file), 'utf8'));
    const step = pageStep(this.#root);
    if (this.#steps.find('page', step)) return [];
    const { errors, sources } = (await native?.find(page.configFile)) ?? this.#compilePageHere();
    if (errors.length === 0) this.#steps.setDone('page', step, { found: sources });
    return errors;
  }

  #compilePageHere(): Compilation {
    const compiler = this.getCompiler(page.configFile);
    const sources = this.#ownFiles(compiler.load());
    const errors = compiler.findErrors();
    return { errors: errors.length > 0 ? errors : this.#emit(compiler), sources };
  }

  /** Of packages that are not installed in production: common passwords, and what says how strong one is. */
  #writeWordLists(compiler: Compiler): string[] {
    const script = 'src/passwords/write-word-lists';
    const step = {
      inputs: [...toolFiles, ...compiler.dependenciesOf(`${script}.ts`)],
      outputs: wordLists,
    };
    if (this.#steps.find('word lists', step)) return [];
    const { status, stderr } = spawnSync(process.execPath, [join(this.#root, 'dist', `${script}.js`)], {
      encoding: 'utf8',
    });
    if (status !== 0) return [`The lists of words and common passwords cannot be written.\n${stderr}`];
    this.#steps.setDone('word lists', step);
    this.#hasChanged = true;
    return [];
  }

  #completeContract(compiler: Compiler, sources: Sources): string[] {
    const { errors, warnings, hasChanged } = completeContract({
      root: this.#root,
      isLatchkey: this.#isLatchkey,
      parts: this.#parts,
      steps: this.#steps,
      compiler,
      sources,
    });
    this.#warnings.push(...warnings);
    if (hasChanged) this.#hasChanged = true;
    return [...errors];
  }

  #name(file: string): string {
    return relative(this.#root, file).replaceAll(sep, '/');
  }

  #ownFiles(program: ts.Program): string[] {
    return program
      .getSourceFiles()
      .map(({ fileName }) => fileName)
      .filter((file) => !file.includes('/node_modules/'))
      .map((file) => this.#name(file));
  }

  /** @returns whether it has changed. */
  #write(name: string, text: string): boolean {
    const file = join(this.#root, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    this.#hasChanged = true;
    return true;
  }
}
