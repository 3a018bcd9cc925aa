// ESLint over what it has not seen as it is now. Rules look at types, so what a file is remembered by is its text and the
// declarations of everything that it imports: a changed body concerns one file, a changed signature all that use it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ESLint } from 'eslint';
import type { Compiler } from '../project/compiler.ts';

const configFile = 'eslint.config.js';
const memoryFile = 'node_modules/.cache/latchkey/lint.json';
/** What decides on all findings beside the files themselves. */
const decisive = [
  configFile,
  'package-lock.json',
  'tsconfig.json',
  'tools/tsconfig.json',
  'bench/tsconfig.json',
  'src/swagger-ui/tsconfig.json',
  'tools/check/lint.ts',
];
const folders = ['node_modules', 'dist', '.git'];

/**
 * @param compilers whose programs have the files with types; of several that have a file, the first is asked.
 * @returns what is wrong; undefined: nothing.
 */
export async function lint(root: string, compilers: readonly Compiler[]): Promise<string | undefined> {
  const eslint = createLinter(root, compilers);
  const everywhere = hash([
    process.version,
    ...decisive.map((file) => readFileSync(join(root, file), 'utf8')),
    ...compilers.flatMap((compiler) => compiler.globalDeclarations()),
  ]);
  const files: string[] = [];
  for (const file of listFiles(root)) if (!(await eslint.isPathIgnored(join(root, file)))) files.push(file);
  const keys = new Map(files.map((file) => [file, keyOf(root, file, compilers, everywhere)]));
  const known = new Set(readMemory(root));
  const unknown = files.filter((file) => !known.has(keys.get(file) ?? ''));
  const results = unknown.length === 0 ? [] : await eslint.lintFiles(unknown.map((file) => join(root, file)));
  const bad = new Set(
    results.filter(({ messages }) => messages.length > 0).map(({ filePath }) => nameIn(root, filePath)),
  );
  writeMemory(
    root,
    [...keys].filter(([file]) => !bad.has(file)).map(([, key]) => key),
  );
  if (bad.size === 0) return undefined;
  return (await eslint.loadFormatter('stylish')).format(results);
}

function createLinter(root: string, compilers: readonly Compiler[]): ESLint {
  const programs = compilers.map((compiler) => compiler.program);
  return new ESLint({
    cwd: root,
    // Folders with a configuration of their own are looked at with this one all the same.
    overrideConfigFile: join(root, configFile),
    overrideConfig: [
      {
        files: ['**/*.ts', 'bin/*.js'],
        ignores: ['guards/**', 'sdks/**'],
        languageOptions: { parserOptions: { projectService: false, programs } },
      },
    ],
  });
}

function listFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return folders.includes(entry.name) ? [] : listFiles(root, name);
    return entry.isFile() && /\.([cm]?js|ts)$/.test(name) ? [name] : [];
  });
}

function keyOf(root: string, file: string, compilers: readonly Compiler[], everywhere: string): string {
  const compiler = compilers.find((each) => each.has(file));
  const imported = compiler?.dependenciesOf(file).filter((each) => each !== file) ?? [];
  return hash([
    everywhere,
    file,
    readFileSync(join(root, file), 'utf8'),
    ...imported.sort().map((each) => compiler?.declarationOf(each) ?? ''),
  ]);
}

function readMemory(root: string): string[] {
  const file = join(root, memoryFile);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : [];
}

function writeMemory(root: string, keys: readonly string[]): void {
  const file = join(root, memoryFile);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(keys));
}

function nameIn(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, '/');
}

function hash(texts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const text of texts) sum.update(`${text.length}\n`).update(text);
  return sum.digest('hex');
}
