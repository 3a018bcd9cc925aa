import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folders.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { checkout } from '../support/checkout.js';

const folder = join(checkout, 'guards/python');

describe('The guard for Python', () => {
  const environment = new PythonEnvironment('guards-venv');
  const temporary = temporaryFolder();
  before(function () {
    if (!hasPython()) {
      console.warn('There is no python3 with venv: install it, so that the guard for Python can be tried.');
      this.skip();
    }
    environment.prepare(join(folder, 'requirements-test.txt'));
  });

  it('passes its own tests against the real service', () => {
    const printed = environment.run(['-m', 'pytest'], {
      folder,
      settings: { LATCHKEY_NODE: process.execPath, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(printed).to.match(/\d+ passed/);
    expect(printed).not.to.match(/failed|skipped|error|warning/);
  });

  it('passes strict type checks', () => {
    expect(environment.run(['-m', 'mypy', '--cache-dir', temporary.path('types')], { folder })).to.include(
      'no issues found',
    );
  });

  it('can be packed, with its types', () => {
    // From a copy: a build writes its output beside the sources.
    const copy = temporary.path('sources');
    cpSync(folder, copy, { recursive: true });
    environment.run(
      [
        '-m',
        'pip',
        'wheel',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--no-build-isolation',
        copy,
      ],
      { folder: temporary.path('.') },
    );
    const list = 'import glob, zipfile; print(zipfile.ZipFile(glob.glob("*.whl")[0]).namelist())';
    const files = environment.run(['-c', list], { folder: temporary.path('.') });
    for (const file of ['guard.py', 'flask.py', 'starlette.py', 'py.typed'])
      expect(files).to.include(`latchkey_guard/${file}`);
    expect(files).to.include('licenses/LICENSE');
  });
});
