import { expect } from 'chai';
import { completeContract } from '../../src/contract/complete-contract.js';
import type { Document, Operation } from '../../src/contract/openapi.js';
import { problemCodes } from '../../src/problems/problem-codes.js';

const problemSchema = { $ref: '#/components/schemas/ProblemDetails' };
const ofGreeting = { 'application/json': { schema: { $ref: '#/components/schemas/Greeting' } } };

/** A public operation without parameters, as tsoa writes it. */
const plain: Operation = {
  operationId: 'greet',
  summary: 'Greet',
  description: 'Says hello.',
  security: [],
  responses: { '200': { description: 'Greeted.', content: ofGreeting } },
};

/** A document with these operations, completed. */
function complete(...operations: object[]): Document {
  return completeContract({
    openapi: '3.0.3',
    info: {},
    components: {
      examples: {},
      schemas: {
        Greeting: { type: 'object', example: { message: 'hello' } },
        HtmlPage: { type: 'string', example: '<!doctype html>' },
        Silent: { type: 'object' },
        ProblemDetails: { type: 'object', properties: { code: { type: 'string' } } },
      },
    },
    paths: Object.fromEntries(
      operations.map((operation, index) => [`/${index}`, { get: structuredClone(operation) as Operation }]),
    ),
  });
}

function completed(operation: object): Operation {
  const made = complete(operation).paths['/0']?.['get'];
  if (!made) throw new Error('The operation is gone.');
  return made;
}

describe('The contract, completed from what tsoa writes', () => {
  describe('has the responses that follow from an operation:', () => {
    const statuses = (operation: object): string[] => Object.keys(completed(operation).responses);

    it('400 for a malformed request, and default for any other error', () => {
      expect(statuses(plain)).to.have.members(['200', '400', 'default']);
    });

    it('401 where it requires a token', () => {
      expect(statuses({ ...plain, security: [{ bearer: [] }] })).to.have.members([
        '200',
        '400',
        '401',
        '503',
        'default',
      ]);
    });

    it('403 where it requires a permission, which the description names', () => {
      const operation = { ...plain, security: [{ bearer: ['reports:read'] }] };
      expect(statuses(operation)).to.have.members(['200', '400', '401', '403', '503', 'default']);
      expect(completed(operation).responses['403']?.description).to.include('`reports:read`');
    });

    it('401 where a token is optional, for an invalid one', () => {
      expect(statuses({ ...plain, security: [{}, { bearer: [] }] })).to.have.members([
        '200',
        '400',
        '401',
        '503',
        'default',
      ]);
    });

    it('400, 413, 415 and 422 where it has a body', () => {
      const operation = { ...plain, requestBody: { content: ofGreeting } };
      expect(statuses(operation)).to.have.members(['200', '400', '413', '415', '422', 'default']);
    });

    it('422 where it has parameters', () => {
      expect(statuses({ ...plain, parameters: [{}] })).to.have.members(['200', '400', '422', 'default']);
    });

    it('but keeps its own description of one', () => {
      const own = { description: 'Neither is there: `authentication_required`.' };
      const operation = {
        ...plain,
        security: [{ bearer: [] }],
        responses: { ...plain.responses, '401': own },
      };
      expect(completed(operation).responses['401']?.description).to.equal(own.description);
    });
  });

  describe('has for each problem', () => {
    const responses = {
      ...plain.responses,
      '401': { description: 'No: `authentication_required`, `invalid_token`.' },
      '429': {
        description: 'Wait: `too_many_requests`.',
        content: { 'application/json': { schema: problemSchema } },
      },
      '503': { description: 'Wait: `busy`.' },
    };

    it('its media type, its schema, and an example for each code that its description names', () => {
      expect(completed({ ...plain, responses }).responses['401']?.content).to.deep.equal({
        'application/problem+json': {
          schema: problemSchema,
          examples: {
            authentication_required: { $ref: '#/components/examples/authentication_required' },
            invalid_token: { $ref: '#/components/examples/invalid_token' },
          },
        },
      });
      expect(completed({ ...plain, responses }).responses['429']?.content).to.have.all.keys(
        'application/problem+json',
      );
    });

    it('text/html, where the operation’s success is a page, except for malformed requests', () => {
      const page = { 'text/html': { schema: { $ref: '#/components/schemas/Greeting' } } };
      const made = completed({ ...plain, responses: { '200': { description: 'A page.', content: page } } });
      expect(made.responses['default']?.content).to.have.all.keys('application/problem+json', 'text/html');
      expect(made.responses['400']?.content).to.have.all.keys('application/problem+json');
    });

    it('its headers', () => {
      const headers = (status: string) =>
        Object.keys(completed({ ...plain, responses }).responses[status]?.headers ?? {});
      expect(headers('401')).to.include.members(['X-Request-Id', 'WWW-Authenticate']);
      expect(headers('429')).to.deep.equal(['RateLimit', 'Retry-After', 'X-Request-Id']);
      expect(headers('503')).to.deep.equal(['Retry-After', 'X-Request-Id']);
    });

    it('RateLimit where the operation’s requests are limited, and where an attempt is', () => {
      const withRateLimit = (code: string) => {
        const limit = { '429': { description: `Wait: \`${code}\`.` } };
        const made = completed({ ...plain, responses: { ...responses, ...limit } }).responses;
        return Object.keys(made).filter((status) => 'RateLimit' in (made[status]?.headers ?? {}));
      };
      expect(withRateLimit('too_many_requests')).to.deep.equal(['200', '400', '401', '429']);
      expect(withRateLimit('too_many_attempts')).to.deep.equal(['429']);
    });

    it('its code in one closed list, and an example of each code that an operation has', () => {
      const { schemas, examples } = complete(plain).components;
      expect(schemas['ProblemCode']?.enum).to.deep.equal(Object.keys(problemCodes));
      expect(schemas['ProblemDetails']?.properties?.['code']).to.deep.equal({
        $ref: '#/components/schemas/ProblemCode',
      });
      expect(examples).to.have.all.keys('bad_request', 'internal_error', 'token_too_long');
    });
  });

  it('has permissions in the description and in x-required-permissions', () => {
    const { security, description, ...rest } = completed({
      ...plain,
      security: [{ bearer: ['reports:read', 'fresh:60'] }],
    });
    expect(security).to.deep.equal([{ bearer: [] }]);
    expect(rest['x-required-permissions']).to.deep.equal(['reports:read']);
    expect(description).to.equal('Says hello.\n\nPermission: `reports:read`.');
  });

  it('has its model’s example in each body', () => {
    const operation = completed({ ...plain, requestBody: { content: ofGreeting } });
    for (const content of [operation.requestBody?.content, operation.responses['200']?.content])
      expect(content?.['application/json']?.example).to.deep.equal({ message: 'hello' });
  });

  it('has no empty parts', () => {
    const { components } = completeContract({
      openapi: '3.0.3',
      info: {},
      components: { requestBodies: {}, schemas: { ProblemDetails: { properties: {} } } },
      paths: {},
    });
    expect(components).to.have.all.keys('schemas', 'headers', 'examples');
  });

  describe('is refused, with the place of the error, for', () => {
    const answering = (status: string, description: string): object => ({
      ...plain,
      responses: { ...plain.responses, [status]: { description } },
    });

    for (const [what, operations, message] of [
      ['no summary', [{ ...plain, summary: undefined }], /^GET \/0: .* @summary/],
      ['no description', [{ ...plain, description: undefined }], /^GET \/0: .* description/],
      ['an operationId twice', [plain, plain], /^GET \/1: the operationId greet is taken/],
      [
        'an answer without a description',
        [answering('202', '')],
        /^GET \/0: the answer 202 needs a description/,
      ],
      ['a problem without a code', [answering('409', 'No.')], /^GET \/0: the description of 409 must name/],
      [
        'a code of another status',
        [answering('409', 'No: `user_not_found`.')],
        /^GET \/0: 409 names user_not_found, whose status is 404/,
      ],
      [
        'a body whose schema has no name',
        [{ ...plain, requestBody: { content: { 'application/json': { schema: { type: 'object' } } } } }],
        /^GET \/0: a body has no named schema/,
      ],
      [
        'a model without an example',
        [
          {
            ...plain,
            requestBody: {
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Silent' } } },
            },
          },
        ],
        /^GET \/0: the model Silent needs an @example/,
      ],
    ] as const) {
      it(what, () => {
        expect(() => complete(...operations)).to.throw(message);
      });
    }

    it('all errors at once, one per line', () => {
      const both = [answering('409', 'No.'), { ...plain, operationId: 'other', summary: undefined }];
      expect(() => complete(...both)).to.throw(
        /^GET \/0: the description of 409 .*\nGET \/1: .* @summary\.$/,
      );
    });

    it('a contract without problems', () => {
      expect(() =>
        completeContract({
          openapi: '3.0.3',
          info: {},
          components: { schemas: { Greeting: {} } },
          paths: {},
        }),
      ).to.throw('No operation answers with ProblemDetails.');
    });
  });
});
