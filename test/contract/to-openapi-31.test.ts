import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { toOpenApi31 } from '../../src/contract/to-openapi-31.js';

function converted(schema: object): unknown {
  const { components } = toOpenApi31({
    openapi: '3.0.3',
    paths: {},
    components: { schemas: { It: schema } },
  }) as { components: { schemas: { It: unknown } } };
  return components.schemas.It;
}

describe('A schema in OpenAPI 3.1', () => {
  for (const [what, before, after] of [
    [
      'has null among its types instead of nullable',
      { type: 'string', nullable: true },
      { type: ['string', 'null'] },
    ],
    [
      'has null beside a reference that may be null',
      { allOf: [{ $ref: '#/components/schemas/A' }], nullable: true, description: 'It.' },
      {
        description: 'It.',
        anyOf: [{ allOf: [{ $ref: '#/components/schemas/A' }] }, { type: 'null' }],
      },
    ],
    ['drops a nullable that says nothing', { type: 'string', nullable: false }, { type: 'string' }],
    [
      'has exclusive bounds as numbers',
      { type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 9 },
    ],
    [
      'keeps bounds that are included',
      { type: 'integer', minimum: 0, exclusiveMinimum: false, maximum: 9 },
      { type: 'integer', minimum: 0, maximum: 9 },
    ],
    [
      'has its example in a list',
      { type: 'object', example: { nullable: true } },
      { type: 'object', examples: [{ nullable: true }] },
    ],
    ['keeps an enum of one value', { type: 'string', enum: ['a'] }, { type: 'string', enum: ['a'] }],
    [
      'is converted wherever it is',
      {
        type: 'object',
        properties: { nullable: { type: 'array', items: { type: 'string', nullable: true } } },
        additionalProperties: { anyOf: [{ type: 'string', nullable: true }] },
      },
      {
        type: 'object',
        properties: { nullable: { type: 'array', items: { type: ['string', 'null'] } } },
        additionalProperties: { anyOf: [{ type: ['string', 'null'] }] },
      },
    ],
  ] as const) {
    it(what, () => {
      expect(converted(before)).to.deep.equal(after);
    });
  }
});

describe('The contract in OpenAPI 3.1', () => {
  const { paths } = readContract().document as { paths: Record<string, Record<string, object>> };
  const document = JSON.parse(readContract().readText31()) as Readonly<Record<string, unknown>>;
  const paths31 = document['paths'] as Record<
    string,
    Record<string, { security: Record<string, string[]>[] } & Record<string, unknown>>
  >;

  it('has version 3.1 in its openapi field', () => {
    expect(document['openapi']).to.equal('3.1.1');
  });

  it('has the same operations', () => {
    const names = (of: object): string[] =>
      Object.entries(of).flatMap(([path, ofPath]) =>
        Object.keys(ofPath as object).map((m) => `${m} ${path}`),
      );
    expect(names(paths31)).to.deep.equal(names(paths));
  });

  it('has permissions in the security requirement', () => {
    expect(paths31['/users']?.['get']?.security).to.deep.equal([{ bearer: ['users:read'] }]);
    expect(paths31['/protected']?.['get']?.security).to.deep.equal([{ bearer: [] }]);
    expect(paths31['/login']?.['post']?.security).to.deep.equal([]);
  });

  it('has no keywords of 3.0', () => {
    const keywords = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) {
        if (!['properties', 'examples', 'example'].includes(key)) keywords.add(key);
        if (!['examples', 'example'].includes(key)) visit(member);
      }
    };
    visit((document['components'] as { schemas: object }).schemas);
    expect([...keywords]).not.to.include.members(['nullable']);
    expect(JSON.stringify(document)).not.to.include('"exclusiveMinimum":true');
  });
});
