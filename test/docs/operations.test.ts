import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { routes } from '../../generated/latchkey-routes.js';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

describe('docs/operations.md', () => {
  it('has every path of the service, and none that is not there', () => {
    const rows = read('docs/operations.md').matchAll(/^\| (`[^|]+) \|/gm);
    const named = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(?:[A-Z]+ )?(\/[^`]*)`/g)].map(([, path = '']) => path),
    );
    const served = [...routes.operations, { path: '/protected' }].map(({ path }) =>
      path.replaceAll(/:(\w+)/g, '{$1}'),
    );
    expect([...new Set(named)].sort()).to.deep.equal([...new Set(served)].sort());
  });
});
