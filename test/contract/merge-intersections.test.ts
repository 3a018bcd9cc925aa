import { expect } from 'chai';
import { mergeIntersections } from '../../src/contract/merge-intersections.js';
import type { Schema } from '../../src/contract/openapi.js';

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const closed = (...properties: readonly string[]): Schema => ({
  type: 'object',
  properties: Object.fromEntries(properties.map((name) => [name, { type: 'string' }])),
  required: [...properties],
  additionalProperties: false,
});

function merged(schemas: Record<string, Schema>): Record<string, Schema> {
  mergeIntersections({ openapi: '3.0.3', info: {}, components: { schemas }, paths: {} });
  return schemas;
}

describe('An intersection of objects', () => {
  it('is one object in the contract, wherever it is', () => {
    const { Both, Outer, Twice } = merged({
      Twice: { allOf: [reference('Both'), closed('d')] },
      Both: { allOf: [reference('A'), closed('b')], description: 'Both.' },
      Outer: {
        type: 'object',
        properties: { list: { type: 'array', items: { allOf: [reference('A'), reference('B')] } } },
      },
      A: closed('a'),
      B: closed('b'),
    });
    expect(Both).to.deep.equal({ ...closed('a', 'b'), description: 'Both.' });
    expect(Twice).to.deep.equal(closed('a', 'b', 'd'));
    expect(Outer?.properties?.['list']?.items).to.deep.equal(closed('a', 'b'));
  });

  it('accepts other properties where one of its parts does', () => {
    const values = { type: 'integer' };
    const { Both } = merged({
      Both: { allOf: [reference('A'), { type: 'object', properties: {}, additionalProperties: values }] },
      A: closed('a'),
    });
    expect(Both).to.deep.equal({ ...closed('a'), additionalProperties: values });
  });

  it('stays as it is where a part is no object, and where it only adds a description', () => {
    const schemas = {
      Mixed: { allOf: [reference('A'), reference('Text')] },
      Described: { allOf: [reference('A')], description: 'An A.' },
      Text: { type: 'string' },
      A: closed('a'),
    };
    expect(merged(structuredClone(schemas))).to.deep.equal(schemas);
  });
});
