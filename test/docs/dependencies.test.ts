import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

describe('docs/dependencies.md', () => {
  it('lists each dependency of a running service, and no other', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object };
    const cells = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]*) \|/gm)].map(
      ([, cell = '']) => cell,
    );
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    // tsoa is needed for the build alone.
    const others = named.filter((name) => name !== 'tsoa');
    expect(others.sort()).to.deep.equal(Object.keys(dependencies).sort());
  });
});
