import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

describe('ARCHITECTURE.md', () => {
  it('lists the layers by which imports are checked, in order', () => {
    const [, list = ''] = /const layers = \[([^\]]*)\]/.exec(read('.dependency-cruiser.js')) ?? [];
    const checked = [...list.matchAll(/'([a-z-]+)'/g)].map(([, layer]) => layer);
    const section = read('ARCHITECTURE.md').split('## Layers')[1]?.split('\n## ')[0] ?? '';
    const listed = [...section.matchAll(/^\| `([a-z-]+)` /gm)].map(([, layer]) => layer);
    expect(checked).to.include('database');
    expect(listed).to.deep.equal(checked);
  });
});
