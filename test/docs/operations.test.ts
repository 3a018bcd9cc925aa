import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

describe('docs/operations.md', () => {
  it('has every path of the contract, and no other', () => {
    const { paths } = JSON.parse(read('generated/openapi.json')) as { paths: object };
    const rows = read('docs/operations.md').matchAll(/^\| (`[^|]+) \|/gm);
    const named = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(?:[A-Z]+ )?(\/[^`]*)`/g)].map(([, path = '']) => path),
    );
    expect([...new Set(named)].sort()).to.deep.equal(Object.keys(paths).sort());
  });
});
