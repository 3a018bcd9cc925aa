import { ValidateError, type TsoaRoute } from '@tsoa/runtime';
import { expect } from 'chai';
import type { Request, Response } from 'express';
import { removePrototypes, ValidatingTemplateService } from '../../src/server/validation.js';

type Schema = TsoaRoute.PropertySchema;

const settings = { noImplicitAdditionalProperties: 'throw-on-extras', bodyCoercion: false } as const;

const uuid: Schema = {
  dataType: 'string',
  validators: { pattern: { value: '^[0-9a-f-]{36}$', errorMsg: 'must be a UUID' } },
};
const literal = (...enums: string[]): Schema => ({ dataType: 'enum', enums, required: true });
const text = (validators: Schema['validators'] = {}): Schema => ({
  dataType: 'string',
  validators,
  required: true,
});

const models: TsoaRoute.Models = {
  Id: { dataType: 'refAlias', type: uuid },
  Status: { dataType: 'refEnum', enums: ['open', 'closed'] },
  Dog: {
    dataType: 'refObject',
    properties: { kind: literal('dog'), name: text({ maxLength: { value: 5 } }) },
    additionalProperties: false,
  },
  Cat: {
    dataType: 'refObject',
    properties: { kind: literal('cat'), lives: { dataType: 'integer', required: true } },
    additionalProperties: false,
  },
  Pet: {
    dataType: 'refAlias',
    type: { dataType: 'union', subSchemas: [{ ref: 'Dog' }, { ref: 'Cat' }] },
  },
  Labeled: {
    dataType: 'refObject',
    properties: { label: text({ maxLength: { value: 3 } }) },
    additionalProperties: false,
  },
  Counts: { dataType: 'refObject', properties: {}, additionalProperties: { dataType: 'integer' } },
};

/** The errors of a parameter's value, by field; undefined if it is accepted. */
function errorsOf(schema: Schema, value: unknown, place: 'query' | 'body' = 'query'): unknown {
  const service = new ValidatingTemplateService(models, settings);
  removePrototypes(schema);
  const parameter = { in: place, name: place === 'body' ? 'body' : 'it', required: true, ...schema };
  const request = { query: { it: value }, body: value } as unknown as Request;
  try {
    service.getValidatedArgs({ args: { it: parameter }, request, response: {} as unknown as Response });
    return undefined;
  } catch (error) {
    if (!(error instanceof ValidateError)) throw error;
    return Object.fromEntries(Object.entries(error.fields).map(([field, { message }]) => [field, message]));
  }
}

const range = { minimum: { value: 1 }, maximum: { value: 100 } };
const values = Array.from({ length: 30 }, (_, index) => `v${index}`);

const cases: readonly (readonly [what: string, schema: Schema, value: unknown, message: string])[] = [
  ['an enum', literal('open', 'closed'), 'opened', 'must be open or closed'],
  ['a named enum', { ref: 'Status' }, '', 'must be open or closed'],
  ['three values', literal('a', 'b', 'c'), 'd', 'must be a, b or c'],
  ['one value', literal('a'), 'd', 'must be a'],
  ['values that are no words', literal('in progress', ''), 'd', 'must be "in progress" or ""'],
  [
    'many values',
    literal(...values),
    'd',
    `must be one of ${values.slice(0, 20).join(', ')} and 10 others that the contract lists`,
  ],
  ['a whole number', { dataType: 'integer', validators: range }, 'x', 'must be a whole number from 1 to 100'],
  [
    'a number too small',
    { dataType: 'integer', validators: range },
    '0',
    'must be a whole number from 1 to 100',
  ],
  [
    'a number too large',
    { dataType: 'integer', validators: range },
    '101',
    'must be a whole number from 1 to 100',
  ],
  ['a number without bounds', { dataType: 'double' }, 'x', 'must be a number'],
  [
    'a number with a minimum',
    { dataType: 'float', validators: { minimum: { value: 0 } } },
    '-1',
    'must be a number of at least 0',
  ],
  [
    'a number with a maximum',
    { dataType: 'long', validators: { maximum: { value: 9 } } },
    '10',
    'must be a whole number of at most 9',
  ],
  ['a parameter twice', { dataType: 'integer', validators: range }, ['1', '2'], 'must be there only once'],
  ['a boolean', { dataType: 'boolean' }, 'yes', 'must be true or false'],
  ['a date', { dataType: 'date' }, 'today', 'must be a date such as 2026-11-29'],
  ...[
    '2026',
    '2026-12-01',
    '2026-12-01T09:00:00',
    '2026-12-01T09:00Z',
    '20261201T090000Z',
    '2026-02-31T00:00:00Z',
  ].map((value): (typeof cases)[number] => [
    `a date and time that is ${value}`,
    { dataType: 'datetime' },
    value,
    'must be a date and time such as 2026-11-29T09:00:00Z',
  ]),
  ['a date with a time', { dataType: 'date' }, '2026-11-29T09:00:00Z', 'must be a date such as 2026-11-29'],
  [
    'a date and time',
    { dataType: 'datetime' },
    'now',
    'must be a date and time such as 2026-11-29T09:00:00Z',
  ],
  [
    'a date too early',
    { dataType: 'date', validators: { minDate: { value: '2026-01-01' } } },
    '2025-01-01',
    'must not be before 2026-01-01',
  ],
  ['a text that is empty', text({ minLength: { value: 1 } }), '', 'must not be empty'],
  ['a text too short', text({ minLength: { value: 3 } }), 'ab', 'must have at least 3 characters'],
  ['a text too long', text({ maxLength: { value: 2 } }), 'abc', 'must have at most 2 characters'],
  ['a pattern', text({ pattern: { value: '^[A-Z]+$' } }), 'abc', 'must match ^[A-Z]+$'],
  ['a pattern with its own words', uuid, 'abc', 'must be a UUID'],
  ['a named text', { ref: 'Id' }, 'abc', 'must be a UUID'],
  [
    'an alternative',
    { dataType: 'union', subSchemas: [{ dataType: 'integer' }, literal('all')] },
    'x',
    'must be a whole number or all',
  ],
];

describe('The error of an invalid request says in words what a field must be:', () => {
  for (const [what, schema, value, message] of cases) {
    it(what, () => {
      expect(errorsOf(schema, value)).to.deep.equal({ it: message });
    });
  }

  describe('in a body', () => {
    const body = (properties: Record<string, Schema>): Schema => ({
      dataType: 'nestedObjectLiteral',
      nestedProperties: properties,
      additionalProperties: false,
    });

    it('a number or boolean in quotes is refused', () => {
      const schema = body({
        count: { dataType: 'integer', validators: range },
        done: { dataType: 'boolean' },
      });
      expect(errorsOf(schema, { count: '5', done: 'true' }, 'body')).to.deep.equal({
        'body.count': 'must be a whole number from 1 to 100, not a string',
        'body.done': 'must be true or false, not a string',
      });
    });

    it('null, a list and an object are distinguished', () => {
      const schema = body({ title: text({ minLength: { value: 1 }, maxLength: { value: 200 } }) });
      for (const value of [null, 5, ['a'], {}])
        expect(errorsOf(schema, { title: value }, 'body')).to.deep.equal({
          'body.title': 'must be a string of 1 to 200 characters',
        });
      for (const value of [null, 5, ['a']])
        expect(errorsOf(schema, value, 'body')).to.deep.equal({ body: 'must be an object' });
      expect(errorsOf({ ref: 'Dog' }, [], 'body')).to.deep.equal({ body: 'must be an object' });
    });

    it('a missing field is named', () => {
      expect(errorsOf({ ref: 'Dog' }, { kind: 'dog' }, 'body')).to.deep.equal({
        'body.name': "'name' is required",
      });
    });

    it('what is not there is named with its place', () => {
      const schema = body({ inner: body({ label: { dataType: 'string' } }) });
      expect(errorsOf(schema, { inner: { lable: 'a', 'b,c': 1 }, more: 1 }, 'body')).to.deep.equal({
        'body.inner.lable': '"lable" is an excess property and therefore is not allowed',
        'body.inner.b,c': '"b,c" is an excess property and therefore is not allowed',
        'body.more': '"more" is an excess property and therefore is not allowed',
      });
    });

    it('a list has its size, and its items have their path', () => {
      const items: Schema = {
        dataType: 'array',
        array: { ref: 'Labeled' },
        validators: { minItems: { value: 1 }, maxItems: { value: 2 }, uniqueItems: {} },
      };
      const schema = body({ inner: body({ items }) });
      const errors = (value: unknown): unknown => errorsOf(schema, { inner: { items: value } }, 'body');
      expect(errors('x')).to.deep.equal({ 'body.inner.items': 'must be a list of 1 to 2 items' });
      expect(errors([])).to.deep.equal({ 'body.inner.items': 'must have at least 1 item' });
      const item = { label: 'a' };
      expect(errors([item, { label: 'b' }, { label: 'c' }])).to.deep.equal({
        'body.inner.items': 'must have at most 2 items',
      });
      expect(errors([item, { label: 'long' }])).to.deep.equal({
        'body.inner.items.1.label': 'must have at most 3 characters',
      });
      const twice: Schema = {
        dataType: 'array',
        array: { dataType: 'string' },
        validators: { uniqueItems: {} },
      };
      expect(errorsOf(body({ twice }), { twice: ['a', 'a'] }, 'body')).to.deep.equal({
        'body.twice': 'must not have an item twice',
      });
    });

    it('a map has what its values must be', () => {
      expect(errorsOf({ ref: 'Counts' }, { a: 1, b: 'x' }, 'body')).to.have.property(
        'body.b',
        'must be a whole number, not a string',
      );
    });

    for (const key of Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__'))
      it(`a map’s value with the key ${key} is validated as any other`, () => {
        const map: Schema = {
          dataType: 'nestedObjectLiteral',
          nestedProperties: {},
          additionalProperties: { ref: 'Labeled' },
        };
        const value = { map: { [key]: { label: 'long', more: 1 } } };
        const error = 'must have at most 3 characters';
        const more = '"more" is an excess property and therefore is not allowed';
        const field = `body.map.${key}`;
        const expected = { [`${field}.label`]: error, [`${field}.more`]: more };
        expect(errorsOf(body({ map }), value, 'body')).to.deep.equal(expected);
        expect(errorsOf({ ref: 'Counts' }, { [key]: {} }, 'body')).to.have.property(`body.${key}`);
        const both: Schema = { dataType: 'intersection', subSchemas: [body({ map }), body({})] };
        expect(errorsOf(both, value, 'body')).to.have.property(`${field}.label`, error);
        const either: Schema = { dataType: 'union', subSchemas: [body({ map }), literal('none')] };
        expect(errorsOf(body({ either }), { either: value }, 'body')).to.have.property(
          `body.either.map.${key}.label`,
        );
        expect(errorsOf(body({ map }), { map: { [key]: { label: 'a' } } }, 'body')).to.equal(undefined);
      });

    it('a time in a combination of models is as strict as elsewhere', () => {
      const both: Schema = {
        dataType: 'intersection',
        subSchemas: [body({ at: { dataType: 'datetime' } }), body({ more: { dataType: 'integer' } })],
      };
      expect(errorsOf(both, { at: '2026', more: 1 }, 'body')).to.deep.equal({
        'body.at': 'must be a date and time such as 2026-11-29T09:00:00Z',
      });
    });

    it('a field whose name begins with a dollar sign keeps it', () => {
      const schema = body({ list: { dataType: 'array', array: body({ $0: { dataType: 'integer' } }) } });
      expect(errorsOf(schema, { list: [{ $0: 'x' }] }, 'body')).to.have.property('body.list.0.$0');
    });

    it('null is named as a possible value', () => {
      const schema = body({
        at: {
          dataType: 'union',
          subSchemas: [{ dataType: 'datetime' }, { dataType: 'enum', enums: [null] }],
        },
      });
      expect(errorsOf(schema, { at: 1 }, 'body')).to.deep.equal({
        'body.at': 'must be a date and time such as 2026-11-29T09:00:00Z or null',
      });
    });

    it('one of several models has the errors of the intended one', () => {
      expect(errorsOf({ ref: 'Pet' }, { kind: 'dog', name: 'far too long' }, 'body')).to.deep.equal({
        'body.name': 'must have at most 5 characters',
      });
      expect(errorsOf({ ref: 'Pet' }, { kind: 'cow' }, 'body')).to.deep.equal({ body: 'must be Dog or Cat' });
      expect(errorsOf({ ref: 'Pet' }, 'dog', 'body')).to.deep.equal({ body: 'must be an object' });
    });

    it('a combination of models has the errors of each, without the refused value', () => {
      const both: Schema = { dataType: 'intersection', subSchemas: [{ ref: 'Dog' }, { ref: 'Labeled' }] };
      expect(errorsOf(both, { kind: 'dog', name: 'hunter2', label: 'hunter2' }, 'body')).to.deep.equal({
        'body.name': 'must have at most 5 characters',
        'body.label': 'must have at most 3 characters',
      });
      expect(errorsOf(both, { kind: 'dog', name: 'a', label: 'b', more: 1 }, 'body')).to.deep.equal({
        'body.more': '"more" is an excess property and therefore is not allowed',
      });
      expect(errorsOf(both, 'text', 'body')).to.deep.equal({ body: 'must be an object' });
      expect(errorsOf(both, { kind: 'dog', name: 'a', label: 'b' }, 'body')).to.equal(undefined);
    });
  });
});
