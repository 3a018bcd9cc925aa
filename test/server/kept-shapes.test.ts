import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const keptShapes = new URL('../../src/server/kept-shapes.js', import.meta.url).href;

describe('keepShapes', () => {
  it('sets a flag that this V8 knows', async () => {
    const program = `(await import('${keptShapes}')).keepShapes();`;
    const options = ['--input-type=module', '--eval', program];
    expect((await promisify(execFile)(process.execPath, options)).stderr).to.equal('');
  });
});
