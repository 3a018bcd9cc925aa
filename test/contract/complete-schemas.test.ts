import { expect } from 'chai';
import { completeSchemas } from '../../src/contract/complete-schemas.js';
import type { Document, Schema } from '../../src/contract/openapi.js';

/** The schemas that are left when an operation responds with the first of them. */
function completed(schemas: Record<string, Schema>): Record<string, Schema> {
  const [first = ''] = Object.keys(schemas);
  const document = {
    openapi: '3.0.3',
    info: {},
    components: { schemas, examples: { used: {}, unused: {} } },
    paths: {
      '/': {
        get: {
          operationId: 'read',
          responses: {
            '200': {
              description: '',
              content: {
                'application/json': {
                  schema: { $ref: `#/components/schemas/${first}` },
                  examples: { used: { $ref: '#/components/examples/used' } },
                },
              },
            },
          },
        },
      },
    },
  } as unknown as Document;
  completeSchemas(document);
  expect(document.components['examples']).to.have.all.keys('used');
  return document.components.schemas;
}

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

describe('A model in the contract', () => {
  it('inlines a simple named type where a property has its own description', () => {
    const Id: Schema = { type: 'string', format: 'uuid', description: 'A UUID.' };
    const { Page } = completed({
      Page: { type: 'object', properties: { cursor: { ...reference('Id'), description: 'The next one.' } } },
      Id,
    });
    expect(Page?.properties).to.deep.equal({
      cursor: { type: 'string', format: 'uuid', description: 'The next one.' },
    });
  });

  it('refers to an object or enum with allOf where a property has its own description', () => {
    for (const named of [
      { type: 'object', properties: { a: { type: 'string' } } },
      { type: 'object', additionalProperties: true },
      { type: 'string', enum: ['a'] },
    ] as Schema[]) {
      const { It, Named } = completed({
        It: { type: 'object', properties: { its: { ...reference('Named'), description: 'Its own.' } } },
        Named: named,
      });
      expect(It?.properties).to.deep.equal({ its: { allOf: [reference('Named')], description: 'Its own.' } });
      expect(Named).to.deep.equal(named);
    }
  });

  it('refers to a named type with $ref alone where a property has no own description', () => {
    const { It } = completed({
      It: { type: 'object', properties: { id: reference('Id') } },
      Id: { type: 'string' },
    });
    expect(It?.properties).to.deep.equal({ id: reference('Id') });
  });

  it('has the length of dates', () => {
    const { It } = completed({
      It: { type: 'object', properties: { at: { type: 'string', format: 'date-time' } } },
    });
    expect(It?.properties?.['at']).to.deep.equal({
      type: 'string',
      format: 'date-time',
      minLength: new Date(0).toISOString().length,
      maxLength: new Date(0).toISOString().length,
    });
  });

  it('has no length of dates that are sent: other forms of ISO 8601 are accepted, too', () => {
    const date = { type: 'string', format: 'date-time' };
    const schemas: Record<string, Schema> = {
      Sent: { type: 'object', properties: { at: date, inner: reference('Inner') } },
      Inner: { type: 'object', properties: { at: date } },
    };
    const content = { 'application/json': { schema: reference('Sent') } };
    const post = { operationId: 'send', requestBody: { content }, responses: {} };
    const document = { openapi: '3.0.3', info: {}, components: { schemas }, paths: { '/': { post } } };
    completeSchemas(document);
    expect(schemas['Sent']?.properties?.['at']).to.deep.equal(date);
    expect(schemas['Inner']?.properties?.['at']).to.deep.equal(date);
  });

  it('is removed where no operation uses it, even if another removed model does', () => {
    const left = completed({
      Page: { type: 'object', properties: { items: { type: 'array', items: reference('Item') } } },
      Item: { type: 'object', properties: { page: reference('Page') } },
      Query: { type: 'object', properties: { one: reference('Limit') } },
      Limit: { type: 'object' },
    });
    expect(Object.keys(left)).to.deep.equal(['Page', 'Item']);
  });

  it('does not say that other members are allowed, which they are anyway', () => {
    const { It, Closed, Texts, Any } = completed({
      It: {
        type: 'object',
        properties: { closed: reference('Closed'), texts: reference('Texts'), any: reference('Any') },
        additionalProperties: {},
      },
      Closed: { type: 'object', properties: {}, additionalProperties: false },
      Texts: { type: 'object', additionalProperties: { type: 'string' } },
      Any: { type: 'object', additionalProperties: {} },
    });
    expect(Any).to.deep.equal({ type: 'object', additionalProperties: true });
    expect(It).not.to.have.property('additionalProperties');
    expect(Closed).to.include({ additionalProperties: false });
    expect(Texts?.additionalProperties).to.deep.equal({ type: 'string' });
  });
});
