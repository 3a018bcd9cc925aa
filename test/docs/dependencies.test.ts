import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const readManifest = (): Manifest => JSON.parse(read('package.json')) as Manifest;

describe('docs/dependencies.md', () => {
  it('lists each dependency of a running service, and no other', () => {
    const { dependencies, peerDependencies } = readManifest();
    const cells = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]*) \|/gm)].map(
      ([, cell = '']) => cell,
    );
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    // tsoa is needed for the build alone.
    const others = named.filter((name) => name !== 'tsoa');
    expect(others.sort()).to.deep.equal(Object.keys({ ...dependencies, ...peerDependencies }).sort());
  });
});

describe('The packages for traces', () => {
  it('are optional, and tested in the version that is the lowest one allowed', () => {
    const { dependencies, devDependencies, peerDependencies } = readManifest();
    for (const [name, range] of Object.entries(peerDependencies)) {
      expect(range, name).to.equal(`^${devDependencies[name]}`);
      expect(dependencies).not.to.have.property(name);
    }
  });

  it('are installed by the command that docs/monitoring.md shows', () => {
    const { dependencies, devDependencies } = readManifest();
    const packages = Object.entries({ ...dependencies, ...devDependencies })
      .filter(([name]) => name.startsWith('@opentelemetry/'))
      .map(([name, version]) => `${name}@${version}`);
    const shown = read('docs/monitoring.md').replaceAll(' \\\n  ', ' ');
    expect(shown).to.include(`\nnpm install --save-prod ${packages.join(' ')}\n`);
  });
});
