import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { url, userPassword } from './service.js';

/** A file of the package, relative to the compiled test. */
const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

describe('The package', () => {
  const manifest = JSON.parse(read('package.json')) as { version: string; license: string };

  it('has the version of the contract that it was generated from', () => {
    assert.equal(manifest.version, process.env['CONTRACT_VERSION']);
    const lock = JSON.parse(read('package-lock.json')) as { version: string };
    assert.equal(lock.version, manifest.version, 'package-lock.json: run "npm install"');
  });

  it('includes its license', () => {
    assert.equal(manifest.license, 'MIT');
    assert.match(read('LICENSE'), /^MIT License/);
  });

  it('packs what it needs, and no more', () => {
    const { status, stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: path('.'),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    assert.equal(status, 0, stderr);
    const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const files = packed.files
      .map((file) => file.path)
      .filter((file) => !/^dist\/.+\.(js|d\.ts)$/.test(file));
    assert.deepEqual(files.sort(), ['LICENSE', 'README.md', 'package.json']);
  });

  it('installs in an empty folder without scripts, where the examples of its README compile under plain strict', () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-client-'));
    const run = (command: string, ...parameters: string[]): string => {
      const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' } as const;
      const { status, stdout, stderr } = spawnSync(command, parameters, options);
      assert.equal(status, 0, stdout + stderr);
      return stdout;
    };
    try {
      const packed = run('npm', 'pack', path('.'), '--ignore-scripts', '--silent').trim();
      writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
      run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', `./${packed}`);
      const blocks = [...read('README.md').matchAll(/^```ts\n(import .*?)^```$/gms)];
      const files = blocks.map(([, code = ''], index) => {
        writeFileSync(join(folder, `example-${index}.ts`), code);
        return `example-${index}.ts`;
      });
      assert.equal(files.length, 4);
      const types = path('node_modules/@types');
      const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', typeRoots: [types] };
      const settings = { compilerOptions: { ...compilerOptions, types: ['node'] }, files };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
      const tsc = path('node_modules/typescript/bin/tsc');
      run(process.execPath, tsc);
      // On Node.js without the types of browsers.
      run(process.execPath, tsc, '--project', '.', '--lib', 'es2023', '--noEmit', '--skipLibCheck', 'false');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows the example in its README, and the example runs', () => {
    assert.ok(
      read('README.md').includes(read('example.ts')),
      'README.md has another example than example.ts',
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [path('build/example.js')], {
      encoding: 'utf8',
      env: {
        ...process.env,
        LATCHKEY_URL: url,
        LATCHKEY_USERNAME: 'user-41',
        LATCHKEY_PASSWORD: userPassword,
      },
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^This is a protected endpoint\.\nMay not: .+\n$/);
  });
});
