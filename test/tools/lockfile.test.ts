import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

interface LockedPackage {
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const { packages } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};

describe('package-lock.json', () => {
  it('names no registry, so that each machine asks its own', () => {
    const resolved = Object.values(packages).flatMap((each) => each.resolved ?? []);
    expect(resolved).to.deep.equal(['tools/runtime']);
  });

  it('brings Node for each platform as a development dependency, which production does without', () => {
    const node = Object.entries(packages).filter(([path]) =>
      /^node_modules\/node-(bin-)?(linux|darwin|win)-/.test(path),
    );
    expect(node).to.have.length(5);
    for (const [path, { dev, optional }] of node)
      expect({ dev, optional }, path).to.deep.equal({ dev: true, optional: true });
  });

  it('leaves the packages for traces and the lists of words out of production', () => {
    const left = Object.entries(packages).filter(([path]) =>
      /^node_modules\/@(opentelemetry\/(?!api$)|zxcvbn-ts\/language-)/.test(path),
    );
    expect(left).to.have.length.above(10);
    for (const [path, { dev }] of left) expect(dev, path).to.equal(true);
  });

  it('runs no install script in production', () => {
    const withScript = Object.entries(packages).filter(([, each]) => each.hasInstallScript && !each.dev);
    expect(withScript.map(([path]) => path)).to.deep.equal(['node_modules/@scarf/scarf']);
  });
});
