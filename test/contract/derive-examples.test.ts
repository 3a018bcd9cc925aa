import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'chai';
import fc from 'fast-check';
import { deriveExample } from '../../src/contract/derive-examples.js';
import { toOpenApi31 } from '../../src/contract/to-openapi-31.js';
import type { Schema } from '../../src/contract/openapi.js';

type Schemas = Record<string, Schema>;

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** The example, after a JSON Schema validator has accepted it. */
function valid(schema: Schema, schemas: Schemas = {}): unknown {
  const made = deriveExample(schema, schemas);
  if (!('value' in made)) throw new Error(`There is none: ${made.reason}`);
  const document = toOpenApi31({ paths: {}, components: { schemas: { ...schemas, Tried: schema } } });
  const ajv = new Ajv({ strict: false });
  formats.default(ajv);
  const validate = ajv
    .addSchema(document, 'contract')
    .compile({ $ref: 'contract#/components/schemas/Tried' });
  expect(validate(made.value), `${JSON.stringify(made.value)}: ${ajv.errorsText(validate.errors)}`).to.equal(
    true,
  );
  return made.value;
}

describe('deriveExample', () => {
  it('uses the format', () => {
    for (const format of [
      'uuid',
      'date-time',
      'date',
      'email',
      'uri',
      'ipv4',
      'ipv6',
      'hostname',
      'time',
      'byte',
    ])
      valid({ type: 'string', format });
    expect(valid({ type: 'string', format: 'date' })).to.equal('2026-11-24');
  });

  it('uses the default, or the first value of an enum', () => {
    expect(valid({ type: 'integer', default: 20 })).to.equal(20);
    expect(valid({ type: 'string', enum: ['open', 'closed'] })).to.equal('open');
  });

  it('uses the words of the name, within the length', () => {
    const properties = {
      title: { type: 'string', minLength: 1, maxLength: 200 },
      assigned_to: { type: 'string', minLength: 30 },
      unit: { type: 'string', maxLength: 2 },
    };
    expect(valid({ type: 'object', properties, required: Object.keys(properties) })).to.include({
      title: 'Title',
      unit: 'Un',
    });
  });

  it('matches common patterns', () => {
    for (const pattern of [
      '^[A-Z]{3}$',
      '^[a-z]+(-[a-z]+)*$',
      '^\\d{5}$',
      '^#[0-9a-f]{6}$',
      '^\\+\\d+$',
      '^[^\\u0000-\\u001f]*$',
      '^[A-Z]{2,3}-\\d+$',
      '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    ])
      valid({ type: 'string', pattern, maxLength: 40 });
  });

  it('stays within the bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (one, other) => {
        const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
        valid({ type: 'integer', minimum, maximum });
        valid({ type: 'integer', minimum });
        valid({ type: 'integer', maximum });
      }),
    );
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (one, other) => {
        valid({ type: 'string', minLength: Math.min(one, other), maxLength: Math.max(one, other) });
        valid({ type: 'array', items: { type: 'boolean' }, minItems: one % 5, maxItems: (one % 5) + other });
      }),
    );
  });

  it('includes all properties of a model, and of its models', () => {
    const schemas: Schemas = {
      Ticket: {
        type: 'object',
        properties: {
          id: reference('Id'),
          title: { type: 'string' },
          urgent: { type: 'boolean' },
          price: { type: 'number', minimum: 0.5, maximum: 0.7 },
          tags: { type: 'array', items: { type: 'string' }, minItems: 2 },
          colors: {
            type: 'array',
            items: { type: 'string', enum: ['red', 'blue'] },
            minItems: 2,
            uniqueItems: true,
          },
          counts: { type: 'object', additionalProperties: { type: 'integer' } },
          owner: { allOf: [reference('Owner')], description: 'The owner.' },
          closed_at: { type: 'string', format: 'date-time', nullable: true },
          either: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
          code: { type: 'string', pattern: '^%%%$' },
        },
        required: ['id', 'title', 'owner'],
        additionalProperties: false,
      },
      Owner: { allOf: [reference('Named'), { type: 'object', properties: { age: { type: 'integer' } } }] },
      Named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      Id: { type: 'string', format: 'uuid', example: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11' },
    };
    expect(valid(reference('Ticket'), schemas)).to.deep.equal({
      id: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11',
      title: 'Title',
      urgent: true,
      price: 0.5,
      tags: ['Tags', 'Tags'],
      colors: ['red', 'blue'],
      counts: { key: 1 },
      owner: { name: 'Name', age: 1 },
      closed_at: '2026-11-24T09:00:00.000Z',
      either: 'Either',
    });
  });

  it('ends at a model that contains itself', () => {
    const schemas: Schemas = {
      Tree: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: reference('Tree') },
          parent: reference('Tree'),
        },
        required: ['name', 'children'],
      },
      Endless: { type: 'object', properties: { next: reference('Endless') }, required: ['next'] },
    };
    expect(valid(reference('Tree'), schemas)).to.deep.equal({ name: 'Name', children: [] });
    expect(deriveExample(reference('Endless'), schemas)).to.deep.equal({
      property: 'next',
      reason: 'Endless is in itself',
    });
  });

  it('returns the property and the reason for an uncommon pattern', () => {
    const properties = {
      inner: {
        type: 'object',
        properties: { code: { type: 'string', pattern: '^%%%$' } },
        required: ['code'],
      },
    };
    expect(deriveExample({ type: 'object', properties, required: ['inner'] }, {})).to.deep.equal({
      property: 'inner.code',
      reason: 'its pattern is ^%%%$',
    });
  });
});
