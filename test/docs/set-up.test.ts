import { expect } from 'chai';
import { readPage } from '../support/pages.js';

describe('The set-up of a contributor', () => {
  it('has the same version of Node in the dev container as in .nvmrc', () => {
    const { features } = JSON.parse(readPage('.devcontainer/devcontainer.json')) as {
      features: Record<string, { version?: string }>;
    };
    expect(features['ghcr.io/devcontainers/features/node:1']?.version).to.equal(readPage('.nvmrc').trim());
  });
});
