import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { operations } from '../../generated/routes.js';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

/** Controllers in the layers that are Latchkey's own, rather than of an API that is built on it. */
function ownControllers(): Set<string> {
  const [, layers = ''] = /const layers = \[([^\]]*)\]/.exec(read('.dependency-cruiser.js')) ?? [];
  const imports = read('generated/routes.ts').matchAll(/import \{ (\w+) \} from '[^']*src\/([a-z-]+)\//g);
  return new Set(
    [...imports].filter(([, , room = '']) => layers.includes(`'${room}'`)).map(([, name = '']) => name),
  );
}

describe('docs/operations.md', () => {
  it('has every path of the service, and none that is not there', () => {
    const rows = read('docs/operations.md').matchAll(/^\| (`[^|]+) \|/gm);
    const named = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(?:[A-Z]+ )?(\/[^`]*)`/g)].map(([, path = '']) => path),
    );
    const own = ownControllers();
    const served = operations
      .filter(({ controller }) => own.has(controller.name))
      .map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'));
    expect(own).to.include('UsersController');
    expect([...new Set(named)].sort()).to.deep.equal([...new Set(served)].sort());
  });
});
