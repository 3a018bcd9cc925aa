// The package that a project depends on: the service compiled with its types, the engine that builds projects, and what a
// project's contract begins with. The layout is that of the checkout, so that files find each other in both.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { ensureBuilt } from '../compile.ts';
import { packFolder } from './npm-pack.ts';
import { run } from './run.ts';

const require = createRequire(import.meta.url);

/** The checkout's own project, which the service of a checkout runs: others have their own. */
const ownProject = /^dist\/src\/(project|services|hooks|migrations\/index|protected\/.*)\.(js|d\.ts)$/;

const files = [
  ...['bin', 'dist/src', 'dist/contract/latchkey.json', 'src/server/routes.hbs', 'tools/new/templates'],
  ...['dist/generated/latchkey-routes.js', 'dist/generated/latchkey-routes.d.ts'],
  ...['README.md', 'CHANGELOG.md', 'LICENSE'],
];

/** What `"extends": "latchkey/tsconfig.json"` gives. */
const forProjects = {
  target: 'ES2023',
  lib: ['ES2024'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  rootDir: '${configDir}',
  outDir: '${configDir}/dist',
  incremental: true,
  sourceMap: true,
  strict: true,
  experimentalDecorators: true,
  resolveJsonModule: true,
  skipLibCheck: true,
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export async function packLatchkey(folder: string): Promise<readonly string[]> {
  const staging = join(folder, 'latchkey');
  await stageLatchkey(staging);
  return packFolder(staging, folder);
}

/** Makes the folder that is packed. */
async function stageLatchkey(staging: string): Promise<void> {
  if (!(await ensureBuilt(false))) throw new Error('The build failed, as it says above.');
  rmSync(staging, { recursive: true, force: true });
  for (const file of files) {
    cpSync(join(root, file), join(staging, file), {
      recursive: true,
      filter: (path) => isPacked(path.slice(root.length).replaceAll('\\', '/')),
    });
  }
  run(
    root,
    process.execPath,
    require.resolve('typescript/bin/tsc'),
    '--project',
    'tools/pack/tsconfig.json',
    '--outDir',
    staging,
  );
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  writeJson(join(staging, 'package.json'), toPublished(manifest));
  writeJson(join(staging, 'tsconfig.json'), { compilerOptions: forProjects });
}

function isPacked(file: string): boolean {
  return !/(\.map|\/tsconfig\.json)$/.test(file) && !ownProject.test(file);
}

/**
 * Without what concerns the checkout alone. No peer is optional: npm would install TypeScript and tsoa, with which projects are
 * built, with `--omit=dev`, too, and refuse to install beside other versions of the packages for traces.
 */
function toPublished(manifest: Manifest): object {
  const { devDependencies, dependencies } = manifest;
  const pick = (...names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, devDependencies[name] ?? '']));
  const fields = [
    'name',
    'version',
    'description',
    'license',
    'repository',
    'type',
    'engines',
    'bin',
    'exports',
    'tracePackages',
  ];
  return {
    ...Object.fromEntries(fields.map((field) => [field, manifest[field]])),
    // Types that its own types refer to, and what writes the contract of a project in YAML.
    dependencies: { ...dependencies, ...pick('@types/express', 'yaml') },
  };
}

function writeJson(file: string, value: object): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
