import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { checkout } from './checkout.js';
import { runProgram, type Run } from './run-program.js';

/** A copy of the project like a clone, in a separate folder, with this one's packages: `npm ci` has nothing to install. */
export class ProjectCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'latchkey-copy-'));

  /** @param built whether to copy the build, too. */
  constructor({ built }: { readonly built: boolean }) {
    const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: checkout,
      encoding: 'utf8',
    });
    if (listed.status !== 0) throw new Error(`git cannot list the project's files: ${listed.stderr}`);
    for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
      cpSync(join(checkout, file), this.path(file), { recursive: true });
    }
    if (built) {
      // What a build writes, and not what other suites keep there, or are making meanwhile.
      for (const name of readdirSync(join(checkout, 'dist'))) {
        if (!/^(contract|generated|src|test)$|\.(json|stamp|tsbuildinfo)$/.test(name)) continue;
        cpSync(join(checkout, 'dist', name), this.path(join('dist', name)), { recursive: true });
      }
    }
    // A link, so npm ci must not run here: it would empty the folder that the link points to.
    symlinkSync(join(checkout, 'node_modules'), this.path('node_modules'));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a script of the copy with this Node.js. */
  run(script: string, ...parameters: readonly string[]): Run {
    return runProgram(process.execPath, [script, ...parameters], {
      cwd: this.folder,
      env: copyEnvironment(),
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without settings of the service, and with this Node.js as `node`. */
export function copyEnvironment(): NodeJS.ProcessEnv {
  const settings = /^(LATCHKEY_|JWT_|PORT$|HOST$|DATABASE_URL$|LOG_LEVEL$|NODE_|TEST_COUNTS$)/;
  const inherited = Object.entries(process.env).filter(([name]) => !settings.test(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  };
}
