import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly tracePackages: Readonly<Record<string, string>>;
}

const readManifest = (): Manifest => JSON.parse(read('package.json')) as Manifest;

describe('docs/dependencies.md', () => {
  it('lists each dependency of a running service, and no other', () => {
    const { dependencies, tracePackages } = readManifest();
    const cells = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]*) \|/gm)].map(
      ([, cell = '']) => cell,
    );
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    // tsoa is needed for the build alone.
    const others = named.filter((name) => name !== 'tsoa');
    expect(others.sort()).to.deep.equal(Object.keys({ ...dependencies, ...tracePackages }).sort());
  });
});

describe('The packages for traces', () => {
  it('are optional, and tested in the versions that are installed', () => {
    const { dependencies, devDependencies, tracePackages } = readManifest();
    expect(dependencies).not.to.have.any.keys(tracePackages);
    const tested = Object.entries(devDependencies).filter(([name]) => name.startsWith('@opentelemetry/'));
    expect(tracePackages).to.deep.equal(Object.fromEntries(tested));
  });

  it('are no peers, which npm would refuse beside other versions of a project', () => {
    expect(readManifest()).not.to.have.property('peerDependencies');
  });

  it('are installed by the command that docs/monitoring.md shows', () => {
    const { dependencies, tracePackages } = readManifest();
    const packages = Object.entries({ ...dependencies, ...tracePackages })
      .filter(([name]) => name.startsWith('@opentelemetry/'))
      .map(([name, version]) => `${name}@${version}`);
    const shown = read('docs/monitoring.md').replaceAll(' \\\n  ', ' ');
    expect(shown).to.include(`\nnpm install --save-prod ${packages.join(' ')}\n`);
  });
});
