import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runNpm } from './npm.js';
import { packFiles } from './packed.js';
import { copyEnvironment } from './project-copy.js';
import { runProgram, type Run } from './run-program.js';

/** Latchkey's packed file. */
export function packLatchkey(): string {
  const [file] = packFiles('latchkey');
  if (file === undefined) throw new Error('Nothing was packed.');
  return file;
}

/** A project that depends on the packed Latchkey, in a folder of its own. */
export class PackedProject {
  constructor(readonly folder: string) {}

  /** As `npm create latchkey` does it, with both packed files. */
  static create(folder: string): PackedProject {
    const [creator = ''] = packFiles('create');
    mkdirSync(dirname(folder), { recursive: true });
    cpSync(creator, join(dirname(folder), basename(creator)));
    const words = ['--yes', `./${basename(creator)}`, basename(folder), '--latchkey', packLatchkey()];
    run(dirname(folder), 'npx', ...words, '--no-node');
    return new PackedProject(folder);
  }

  /** A project whose files are kept with `.txt` after their names: neither compiled nor linted with this one's. */
  static copy(files: string, folder: string): PackedProject {
    for (const name of readdirSync(files, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.txt')) continue;
      const file = join(folder, name.replace(/\.txt$/, ''));
      mkdirSync(dirname(file), { recursive: true });
      cpSync(join(files, name), file);
    }
    const manifest = join(folder, 'package.json');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace(/"latchkey": "[^"]*"/, `"latchkey": "file:${packLatchkey()}"`));
    return new PackedProject(folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** @param packages in addition to those that it has. */
  install(...packages: readonly string[]): void {
    runNpm(
      this.folder,
      'install',
      ...packages,
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    );
  }

  /** Runs a script of its package.json. @throws with what it printed, where it fails. */
  npmRun(script: string, ...words: readonly string[]): Run {
    return run(this.folder, 'npm', 'run', '--silent', script, '--', ...words);
  }

  /** `npx latchkey …`, which may fail. */
  latchkey(...words: readonly string[]): Run {
    return spawn(this.folder, process.execPath, join('node_modules/latchkey/bin/latchkey.js'), ...words);
  }

  /** Each file that a builder has, with its text: neither what is installed nor what a build writes to `dist`. */
  read(): Map<string, string> {
    const files = readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(node_modules|dist|data|vendor)([\\/]|$)/.test(name))
      .filter((name) => statSync(this.path(name)).isFile())
      .sort();
    return new Map(files.map((name) => [name, readFileSync(this.path(name), 'utf8')]));
  }
}

/** The packed Latchkey with another version number, as the next release would be. @returns its packed file. */
export function packLaterVersion(version: string, folder: string): string {
  const later = join(folder, `latchkey-${version}`);
  cpSync(join(dirname(packLatchkey()), 'latchkey'), later, { recursive: true });
  const manifest = join(later, 'package.json');
  writeFileSync(
    manifest,
    readFileSync(manifest, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`),
  );
  runNpm(later, 'pack', '--ignore-scripts', '--pack-destination', folder);
  return join(folder, `latchkey-${version}.tgz`);
}

function spawn(folder: string, program: string, ...words: readonly string[]): Run {
  return runProgram(program, words, {
    cwd: folder,
    env: copyEnvironment(),
    shell: process.platform === 'win32',
  });
}

function run(folder: string, program: string, ...words: readonly string[]): Run {
  const ran = spawn(folder, program, ...words);
  if (ran.status === 0) return ran;
  throw new Error(`${program} ${words.join(' ')} failed:\n${ran.stdout}${ran.stderr}`);
}
