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
  return completeContract(documentOf(...operations));
}

function documentOf(...operations: object[]): Document {
  return {
    openapi: '3.0.3',
    info: {},
    components: {
      examples: {},
      schemas: {
        Greeting: { type: 'object', example: { message: 'hello' } },
        HtmlPage: { type: 'string', example: '<!doctype html>' },
        Silent: { type: 'object', properties: { title: { type: 'string' } } },
        Strange: {
          type: 'object',
          properties: { code: { type: 'string', pattern: '^%%%$' } },
          required: ['code'],
        },
        ProblemDetails: { type: 'object', properties: { code: { type: 'string' } } },
      },
    },
    paths: Object.fromEntries(
      operations.map((operation, index) => [`/${index}`, { get: structuredClone(operation) as Operation }]),
    ),
  };
}

function completed(operation: object): Operation {
  const made = complete(operation).paths['/0']?.['get'];
  if (!made) throw new Error('The operation is gone.');
  return made;
}

describe('The contract, completed from what tsoa writes', () => {
  describe('responses that follow from an operation', () => {
    const statuses = (operation: object): string[] => Object.keys(completed(operation).responses);

    it('has 400 for a malformed request, and default for any other error', () => {
      expect(statuses(plain)).to.have.members(['200', '400', 'default']);
    });

    it('has 401 where an operation requires a token', () => {
      expect(statuses({ ...plain, security: [{ bearer: [] }] })).to.have.members([
        '200',
        '400',
        '401',
        '403',
        '503',
        'default',
      ]);
    });

    it('has 403 where an operation requires a permission, which the description names', () => {
      const operation = { ...plain, security: [{ bearer: ['reports:read'] }] };
      expect(statuses(operation)).to.have.members(['200', '400', '401', '403', '503', 'default']);
      expect(completed(operation).responses['403']?.description).to.include('`reports:read`');
    });

    it('has 401 for an invalid token where a token is optional', () => {
      expect(statuses({ ...plain, security: [{}, { bearer: [] }] })).to.have.members([
        '200',
        '400',
        '401',
        '403',
        '503',
        'default',
      ]);
    });

    it('has 400, 413, 415 and 422 where an operation has a body', () => {
      const operation = { ...plain, requestBody: { content: ofGreeting } };
      expect(statuses(operation)).to.have.members(['200', '400', '413', '415', '422', 'default']);
    });

    it('has 422 where an operation has parameters', () => {
      expect(statuses({ ...plain, parameters: [{}] })).to.have.members(['200', '400', '422', 'default']);
    });

    it('keeps the description that a controller gives to a response', () => {
      const own = { description: 'Neither is there: `authentication_required`.' };
      const operation = {
        ...plain,
        security: [{ bearer: [] }],
        responses: { ...plain.responses, '401': own },
      };
      expect(completed(operation).responses['401']?.description).to.equal(own.description);
    });
  });

  describe('responses with a problem', () => {
    const responses = {
      ...plain.responses,
      '401': { description: 'No: `authentication_required`, `invalid_token`.' },
      '429': {
        description: 'Wait: `too_many_requests`.',
        content: { 'application/json': { schema: problemSchema } },
      },
      '503': { description: 'Wait: `busy`.' },
    };

    it('have the media type, the schema, and an example for each code that the description names', () => {
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

    it('have text/html where the operation’s success is a page, except for malformed requests', () => {
      const page = { 'text/html': { schema: { $ref: '#/components/schemas/Greeting' } } };
      const made = completed({ ...plain, responses: { '200': { description: 'A page.', content: page } } });
      expect(made.responses['default']?.content).to.have.all.keys('application/problem+json', 'text/html');
      expect(made.responses['400']?.content).to.have.all.keys('application/problem+json');
    });

    it('have their headers', () => {
      const headers = (status: string) =>
        Object.keys(completed({ ...plain, responses }).responses[status]?.headers ?? {});
      expect(headers('401')).to.include.members(['X-Request-Id', 'WWW-Authenticate']);
      expect(headers('429')).to.deep.equal(['RateLimit', 'Retry-After', 'X-Request-Id']);
      expect(headers('503')).to.deep.equal(['Retry-After', 'X-Request-Id']);
    });

    it('have RateLimit where the operation’s requests are limited, and where its attempts are', () => {
      const withRateLimit = (code: string) => {
        const limit = { '429': { description: `Wait: \`${code}\`.` } };
        const made = completed({ ...plain, responses: { ...responses, ...limit } }).responses;
        return Object.keys(made).filter((status) => 'RateLimit' in (made[status]?.headers ?? {}));
      };
      expect(withRateLimit('too_many_requests')).to.deep.equal(['200', '400', '401', '429']);
      expect(withRateLimit('too_many_attempts')).to.deep.equal(['429']);
    });

    it('have their code in one closed list, and an example of each code that an operation has', () => {
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

  describe('what a controller leaves out', () => {
    const bare = { ...plain, summary: undefined, description: undefined };

    it('derives the summary from the method’s name, the description from the summary, and the tag from the controller', () => {
      const operation = completed({ ...bare, operationId: 'listOpenTickets' });
      expect(operation).to.include({ summary: 'List open tickets', description: 'List open tickets.' });
      expect(operation.tags).to.deep.equal(['0']);
      const named = completeContract(documentOf({ ...bare, operationId: 'list' }), {
        controllerTags: { 'GET /0': 'Tickets' },
      });
      expect(named.paths['/0']?.['get']?.tags).to.deep.equal(['Tickets']);
      expect(named.tags).to.deep.equal([{ name: 'Tickets', description: 'List.' }]);
    });

    it('describes the successful response', () => {
      const responses = {
        '200': { description: 'Ok', content: ofGreeting },
        '202': { description: '' },
        '204': { description: 'No content' },
        '301': { description: '' },
      };
      const made = completed({ ...plain, responses }).responses;
      expect(['200', '202', '204', '301'].map((status) => made[status]?.description)).to.deep.equal([
        'The greeting.',
        'Accepted.',
        'Done.',
        'Moved Permanently.',
      ]);
    });

    it('makes an example of a model that has none', () => {
      const content = { 'application/json': { schema: { $ref: '#/components/schemas/Silent' } } };
      const operation = completed({ ...plain, requestBody: { content } });
      expect(operation.requestBody?.content['application/json']?.example).to.deep.equal({ title: 'Title' });
    });

    it('lists the problems that the method throws itself', () => {
      const { paths } = completeContract(
        documentOf({ ...plain, responses: { ...plain.responses, '404': { description: 'No such thing.' } } }),
        { thrown: { 'GET /0': ['user_not_found', 'bad_request', 'username_taken', 'unknown'] } },
      );
      const { responses } = paths['/0']?.['get'] ?? plain;
      expect(responses['404']?.description).to.equal('No such thing: `user_not_found`.');
      expect(responses['409']?.description).to.equal('Username taken: `username_taken`.');
      expect(responses['400']?.description).to.equal('The request cannot be read: `bad_request`.');
      expect(Object.keys(responses['409']?.content ?? {})).to.deep.equal(['application/problem+json']);
    });
  });

  const responding = (status: string, description: string): object => ({
    ...plain,
    responses: { ...plain.responses, [status]: { description } },
  });

  describe('warns, with the place,', () => {
    const warningsOf = (...operations: object[]): string[] => {
      const warnings: string[] = [];
      completeContract(documentOf(...operations), { onWarning: (line) => warnings.push(line) });
      return warnings;
    };

    it('of a problem without a code', () => {
      expect(warningsOf(responding('404', 'No.'))).to.deep.equal([
        "GET /0: the @Response 404 does not say which problem it is. Name its code in backquotes: @Response<ProblemDetails>(404, 'What is wrong: `not_found`.').",
      ]);
    });

    it('of a status that no problem has', () => {
      expect(warningsOf(responding('418', 'No.'))).to.deep.equal([
        'GET /0: there is no problem with the status 418. Give the @Response a status that a problem has, or define a problem with this one.',
      ]);
    });

    it('of a model of which no example can be made', () => {
      const content = { 'application/json': { schema: { $ref: '#/components/schemas/Strange' } } };
      expect(warningsOf({ ...plain, requestBody: { content } })).to.deep.equal([
        'GET /0: no example can be made of the "code" in its request: its pattern is ^%%%$. Write "@example" and a value above it.',
      ]);
    });

    it('of nothing else', () => {
      expect(warningsOf(plain)).to.deep.equal([]);
    });
  });

  describe('is refused, with the place of the error,', () => {
    it('where two operations have one operationId', () => {
      expect(() => complete(plain, plain)).to.throw(/^GET \/1: the operationId greet is taken/);
    });

    it('where a response names a code of another status', () => {
      expect(() => complete(responding('409', 'No: `user_not_found`.'))).to.throw(
        /^GET \/0: 409 names user_not_found, whose status is 404/,
      );
    });

    it('with all errors at once, one per line', () => {
      expect(() => complete(responding('409', 'No: `user_not_found`.'), plain, plain)).to.throw(
        /^GET \/0: 409 names .*\nGET \/1: the operationId .*\nGET \/2: the operationId .*$/,
      );
    });

    it('where it has no problems', () => {
      expect(() =>
        completeContract({
          openapi: '3.0.3',
          info: {},
          components: { schemas: { Greeting: {} } },
          paths: {},
        }),
      ).to.throw('No operation has a response with ProblemDetails.');
    });
  });
});
