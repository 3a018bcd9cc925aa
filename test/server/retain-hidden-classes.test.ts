import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const moduleUrl = new URL('../../src/server/retain-hidden-classes.js', import.meta.url).href;

describe('retainHiddenClasses', () => {
  it('sets a flag that this V8 knows', async () => {
    const program = `(await import('${moduleUrl}')).retainHiddenClasses();`;
    const options = ['--input-type=module', '--eval', program];
    expect((await promisify(execFile)(process.execPath, options)).stderr).to.equal('');
  });
});
