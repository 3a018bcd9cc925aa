// TypeScript, kept warm: what is unchanged is neither read, checked nor written a second time, neither by this process nor,
// where tsconfig.json is incremental, by the next one.
import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import type { EmittedFiles } from './emitted.ts';

/** Files that were parsed, for all programs of a process: their options for parsing are the same. */
export class SourceCache {
  readonly #files = new Map<string, ts.SourceFile>();

  /** @returns the same object while the text is the same: that is how a program knows what has changed. */
  get(fileName: string, parse: () => ts.SourceFile | undefined): ts.SourceFile | undefined {
    const known = this.#files.get(fileName);
    // Installed packages change with the lockfile, which makes a new process or a new cache.
    if (known && (isInstalled(fileName) || ts.sys.readFile(fileName) === known.text)) return known;
    const parsed = parse();
    if (parsed) this.#files.set(fileName, parsed);
    else this.#files.delete(fileName);
    return parsed;
  }
}

/** What programs of one project have in common. */
interface Shared {
  readonly cache: SourceCache;
  readonly emitted: EmittedFiles;
}

interface CompilerOptions extends Shared {
  /** Whether to leave out what the configuration includes of `test`. */
  readonly withoutTests?: boolean;
}

/** What one tsconfig.json describes. */
export class Compiler {
  readonly #root: string;
  readonly #configFile: string;
  readonly #cache: SourceCache;
  readonly #emitted: EmittedFiles;
  readonly #withoutTests: boolean;
  #program: ts.Program | undefined;
  #builder: ts.EmitAndSemanticDiagnosticsBuilderProgram | undefined;
  #host: ts.CompilerHost | undefined;
  #configErrors: readonly ts.Diagnostic[] = [];
  #isTracked = false;

  /** @param root what files are named relative to */
  constructor(root: string, configFile: string, { cache, emitted, withoutTests = false }: CompilerOptions) {
    this.#root = root;
    this.#configFile = configFile;
    this.#cache = cache;
    this.#emitted = emitted;
    this.#withoutTests = withoutTests;
  }

  /** Reads what is on disk now. Types are not looked at before somebody asks for them. */
  load(): ts.Program {
    const { options, fileNames, errors } = this.#readConfig();
    this.#configErrors = errors;
    // It remembers which files and folders are there: each time another one looks.
    this.#host = this.#createHost(options);
    this.#builder ??= ts.readBuilderProgram(options, {
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      getCurrentDirectory: () => this.#root,
      readFile: (file) => ts.sys.readFile(file),
    });
    const oldProgram = this.#program;
    this.#isTracked = false;
    this.#program = ts.createProgram({
      rootNames: fileNames,
      options,
      host: this.#host,
      configFileParsingDiagnostics: errors,
      ...(oldProgram && { oldProgram }),
    });
    return this.#program;
  }

  /** The one that was loaded last. */
  get program(): ts.Program {
    return this.#loaded().program;
  }

  /** What keeps the program that was loaded last from being read at all. */
  findSyntaxErrors(): string[] {
    const { program } = this.#loaded();
    return this.#format([...this.#configErrors, ...program.getSyntacticDiagnostics()]);
  }

  /** Everything that is wrong with the program that was loaded last. Only what has changed, or uses what has, is looked at. */
  findErrors(): string[] {
    const builder = this.#tracked();
    return this.#format([
      ...this.#configErrors,
      ...builder.getOptionsDiagnostics(),
      ...builder.getSyntacticDiagnostics(),
      ...builder.getGlobalDiagnostics(),
      ...builder.getSemanticDiagnostics(),
    ]);
  }

  /** Writes what is not written yet as it is now. To be called where `findErrors` has found nothing. */
  emit(): { readonly errors: string[]; readonly hasChanged: boolean } {
    const { program, host } = this.#loaded();
    const options = program.getCompilerOptions();
    const key = keyOf(options);
    const changed: string[] = [];
    // Unchanged text may be written differently: declarations have types that are inferred of other files.
    const write: ts.WriteFileCallback = (file, text, mark, onError, sources, data) => {
      const [source] = sources ?? [];
      if (source) this.#emitted.set(this.#name(file), readVersionOf(source, key));
      if (source && ts.sys.readFile(file) === text) return;
      host.writeFile(file, text, mark, onError, sources, data);
      if (file.endsWith('.js')) changed.push(file);
    };
    const { diagnostics } = this.#tracked().emit(undefined, write);
    if (options.noEmit === true) return { errors: [], hasChanged: false };
    // What another program has written since, of the same source at another time, or what was removed.
    if (this.#isOutdated()) program.emit(undefined, write);
    this.#emitted.save();
    return { errors: this.#format(diagnostics), hasChanged: changed.length > 0 };
  }

  /**
   * Takes everything for right and written, which another compiler has looked at: the next process then checks what has changed
   * since. TypeScript has no call for that, so this writes what it remembers after a build that found nothing.
   */
  trust(): void {
    const { host } = this.#loaded();
    const builder = this.#tracked() as ts.EmitAndSemanticDiagnosticsBuilderProgram & {
      readonly emitBuildInfo: (write: ts.WriteFileCallback) => void;
    };
    builder.emitBuildInfo((file, text, ...how) => {
      const memory = JSON.parse(text) as { fileInfos: (string | { signature?: unknown })[] };
      const pending = ['changeFileSet', 'semanticDiagnosticsPerFile', 'affectedFilesPendingEmit', 'errors'];
      const checked = Object.entries(memory).filter(([name]) => !pending.includes(name));
      // Where nobody has computed a file's declarations, its text stands for them.
      const fileInfos = memory.fileInfos.map((info) =>
        typeof info !== 'string' && info.signature === false ? { ...info, signature: undefined } : info,
      );
      host.writeFile(file, JSON.stringify({ ...Object.fromEntries(checked), fileInfos }), ...how);
    });
  }

  /** Takes everything for written, where it is. */
  skipEmit(): void {
    if (this.#isOutdated()) return;
    const { host } = this.#loaded();
    this.#tracked().emit(undefined, (file, ...content) => {
      if (file.endsWith('.tsbuildinfo')) host.writeFile(file, ...content);
    });
  }

  /** Everything that a file of the program imports, and what that imports: without packages, below the root. */
  dependenciesOf(name: string): string[] {
    const file = this.#find(name);
    if (!file) throw new Error(`${name} is not part of the program.`);
    return this.#tracked()
      .getAllDependencies(file)
      .filter((each) => !isInstalled(each))
      .map((each) => this.#name(each));
  }

  /** The files that are to be made of the sources as they are on disk now, below the root, with the sources' versions. */
  listOutputs(): Map<string, string> {
    const { options, fileNames } = this.#readConfig();
    const key = keyOf(options);
    const outputs = new Map<string, string>();
    for (const file of fileNames) {
      const output = file.endsWith('.d.ts') ? undefined : this.#outputOf(file, options);
      const hash = ts.sys.createHash?.(ts.sys.readFile(file) ?? '');
      if (output !== undefined && hash !== undefined) outputs.set(output, `${hash} ${key}`);
    }
    return outputs;
  }

  /** @returns the sources in `src` whose text has it, below the root */
  findSources(text: RegExp): string[] {
    return this.#loaded()
      .program.getSourceFiles()
      .filter((file) => !file.isDeclarationFile && text.test(file.text))
      .map(({ fileName }) => this.#name(fileName))
      .filter((name) => name.startsWith('src/'));
  }

  /** Whether a file is not written as its source is now. */
  #isOutdated(): boolean {
    const { program } = this.#loaded();
    const options = program.getCompilerOptions();
    const key = keyOf(options);
    return program.getSourceFiles().some((source) => {
      const { isDeclarationFile, fileName } = source;
      const output = isDeclarationFile ? undefined : this.#outputOf(fileName, options);
      return output !== undefined && !this.#emitted.isOf(output, readVersionOf(source, key));
    });
  }

  #find(name: string): ts.SourceFile | undefined {
    return this.#loaded().program.getSourceFile(join(this.#root, name).replaceAll(sep, '/'));
  }

  /** Below the root, the first file that is made of a source; undefined: none is. */
  #outputOf(
    source: string,
    { outDir, rootDir, emitDeclarationOnly }: ts.CompilerOptions,
  ): string | undefined {
    if (isInstalled(source) || outDir === undefined) return undefined;
    const file = join(outDir, relative(rootDir ?? this.#root, source));
    return this.#name(file.replace(/\.ts$/, emitDeclarationOnly === true ? '.d.ts' : '.js'));
  }

  #name(file: string): string {
    return relative(this.#root, file).replaceAll(sep, '/');
  }

  #loaded(): { program: ts.Program; host: ts.CompilerHost } {
    if (!this.#program || !this.#host) throw new Error('No program was loaded.');
    return { program: this.#program, host: this.#host };
  }

  /** The program that was loaded last, with what is known of the one before. */
  #tracked(): ts.EmitAndSemanticDiagnosticsBuilderProgram {
    const { program, host } = this.#loaded();
    if (!this.#builder || !this.#isTracked) {
      const errors = this.#configErrors;
      this.#builder = ts.createEmitAndSemanticDiagnosticsBuilderProgram(program, host, this.#builder, errors);
      this.#isTracked = true;
    }
    return this.#builder;
  }

  #readConfig(): ts.ParsedCommandLine {
    const unreadable: ts.Diagnostic[] = [];
    const parsed = ts.getParsedCommandLineOfConfigFile(this.#configFile, undefined, {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => unreadable.push(diagnostic),
    });
    if (!parsed) throw new Error(this.#format(unreadable).join('\n'));
    if (!this.#withoutTests) return parsed;
    const tests = join(this.#root, 'test/').replaceAll(sep, '/');
    return {
      ...parsed,
      fileNames: parsed.fileNames.filter((file) => !file.startsWith(tests)),
      // What it remembers is of other files.
      options: { ...parsed.options, tsBuildInfoFile: join(this.#root, 'dist/build.tsbuildinfo') },
    };
  }

  #createHost(options: ts.CompilerOptions): ts.CompilerHost {
    const host = ts.createIncrementalCompilerHost(options);
    const parse = host.getSourceFile.bind(host);
    host.getSourceFile = (fileName, ...how) => this.#cache.get(fileName, () => parse(fileName, ...how));
    return host;
  }

  /** As `src/reports/reports.controller.ts:12:5: What is wrong. (TS2304)`. */
  #format(diagnostics: readonly ts.Diagnostic[]): string[] {
    return ts.sortAndDeduplicateDiagnostics(diagnostics).map((diagnostic) => {
      const { file, start = 0, code } = diagnostic;
      const message = `${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')} (TS${code})`;
      if (!file) return message;
      const { line, character } = ts.getLineAndCharacterOfPosition(file, start);
      return `${this.#name(file.fileName)}:${line + 1}:${character + 1}: ${message}`;
    });
  }
}

function isInstalled(fileName: string): boolean {
  return fileName.includes('/node_modules/');
}

/** TypeScript gives each file of an incremental program the hash of its text. */
function readVersionOf(source: ts.SourceFile, key: string): string {
  return `${(source as ts.SourceFile & { readonly version: string }).version} ${key}`;
}

/** Options that decide on which files there are, and whether they are right, and not on how one is written. */
const irrelevant = ['types', 'lib', 'incremental', 'tsBuildInfoFile', 'configFilePath', 'rootDir', 'outDir'];

function keyOf(options: ts.CompilerOptions): string {
  const relevant = Object.entries(options).filter(([name]) => !irrelevant.includes(name));
  return createHash('sha256')
    .update(`${ts.version} ${JSON.stringify(relevant)}`)
    .digest('hex')
    .slice(0, 16);
}
