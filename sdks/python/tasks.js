import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { listOperations } from '../../tools/sdk/operations.ts';

const python = process.platform === 'win32' ? 'python' : 'python3';
export const needs = [
  [
    python,
    '-c',
    'import ensurepip, sys, venv; sys.exit("3.11 or newer" if sys.version_info < (3, 11) else 0)',
  ],
];

export async function generate({ document, folder, run }) {
  await install({ folder, run });
  await inVenv(run, folder)('openapi-python-client', [
    ...['generate', '--path', document],
    ...['--output-path', 'generated/latchkey_client', '--overwrite'],
    ...['--config', 'generator.yaml', '--meta', 'none', '--fail-on-warning'],
  ]);
  // The package has a hand-written one.
  rmSync(join(folder, 'generated/latchkey_client/__init__.py'));
  writeFileSync(join(folder, 'generated/latchkey_client/_operations.py'), renderOperations(document));
  await inVenv(run, folder)('python', ['make_groups.py', document, 'generated/latchkey_client']);
  await inVenv(run, folder)('ruff', ['format', '--quiet', 'generated/latchkey_client/groups.py']);
}

function renderOperations(document) {
  const entries = listOperations(document).map(({ method, path, takesToken, mediaTypes, renewsTokens }) => {
    const types = mediaTypes.map((type) => `${JSON.stringify(type)}, `).join('');
    const flags = [takesToken, renewsTokens].map((flag) => (flag ? 'True' : 'False')).join(', ');
    return `    ("${method}", "${path}", ${flags}, (${types.trim()})),\n`;
  });
  return `"""Method, path, whether it takes a bearer token and renews the session's, and media types of responses."""

OPERATIONS: tuple[tuple[str, str, bool, bool, tuple[str, ...]], ...] = (
${entries.join('')})
`;
}

export async function test({ folder, version, run, env }) {
  const tool = inVenv(run, folder);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await tool('hatchling', ['build']);
  const wheel = readdirSync(join(folder, 'dist')).find((name) => name.endsWith('.whl'));
  await tool('python', [
    '-m',
    'pip',
    ...quietly,
    'install',
    '--no-deps',
    '--force-reinstall',
    `dist/${wheel}`,
  ]);
  await tool('ruff', ['format', '--check', '.']);
  await tool('ruff', ['check', '.']);
  await tool('mypy', ['--package', 'latchkey_client']);
  await tool('mypy', ['tests', 'example.py']);
  await tool('pytest', ['--junitxml', 'build/report.xml'], {
    env: { ...env, CONTRACT_VERSION: version },
    report: join(folder, 'build/report.xml'),
  });
}

const quietly = ['--quiet', '--disable-pip-version-check'];

/** Installs the packages of requirements.txt, unless they are installed already. */
async function install({ folder, run }) {
  const wanted = readFileSync(join(folder, 'requirements.txt'), 'utf8');
  const stamp = join(folder, '.venv/requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(join(folder, '.venv'), { recursive: true, force: true });
  await run(python, ['-m', 'venv', '.venv']);
  await inVenv(run, folder)('python', [
    '-m',
    'pip',
    ...quietly,
    'install',
    '--no-compile',
    '-r',
    'requirements.txt',
  ]);
  writeFileSync(stamp, wanted);
}

/** Runs a tool of the virtual environment, with the environment's other tools in its PATH. */
function inVenv(run, folder) {
  const bin = join(folder, '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');
  return (tool, parameters, { env, ...options } = {}) =>
    run(join(bin, tool), parameters, {
      ...options,
      env: { ...env, PATH: `${bin}${delimiter}${process.env.PATH}`, VIRTUAL_ENV: join(folder, '.venv') },
    });
}
