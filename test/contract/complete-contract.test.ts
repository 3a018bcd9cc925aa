import { expect } from 'chai';
import { completeContract, type Document } from '../../src/contract/complete-contract.js';
import { problemCodes } from '../../src/problems/problem-codes.js';

type Operation = Document['paths'][string][string];

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
    info: { contact: {} },
    components: {
      examples: {},
      schemas: {
        Greeting: { type: 'object', example: { message: 'hello' } },
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
  describe('has the answers that follow from an operation:', () => {
    const statuses = (operation: object): string[] => Object.keys(completed(operation).responses);

    it('any failure, whatever it is', () => {
      expect(statuses(plain)).to.have.members(['200', 'default']);
    });

    it('401 where it demands a token', () => {
      expect(statuses({ ...plain, security: [{ bearer: [] }] })).to.have.members([
        '200',
        '401',
        '503',
        'default',
      ]);
    });

    it('403 where it demands a permission, which it names', () => {
      const operation = { ...plain, security: [{ bearer: ['reports:read'] }] };
      expect(statuses(operation)).to.have.members(['200', '401', '403', '503', 'default']);
      expect(completed(operation).responses['403']?.description).to.include('`reports:read`');
    });

    it('401 where a token is optional: a bad one is refused', () => {
      expect(statuses({ ...plain, security: [{}, { bearer: [] }] })).to.have.members([
        '200',
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
      expect(statuses({ ...plain, parameters: [{}] })).to.have.members(['200', '422', 'default']);
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

  describe('says of each problem', () => {
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

    it('its headers', () => {
      const headers = (status: string) =>
        Object.keys(completed({ ...plain, responses }).responses[status]?.headers ?? {});
      expect(headers('200')).to.deep.equal(['X-Request-Id']);
      expect(headers('401')).to.deep.equal(['X-Request-Id', 'WWW-Authenticate']);
      expect(headers('429')).to.deep.equal(['X-Request-Id', 'Retry-After']);
      expect(headers('503')).to.deep.equal(['X-Request-Id', 'Retry-After']);
    });

    it('which codes there are, in one closed list', () => {
      const { schemas, examples } = complete(plain).components;
      expect(schemas['ProblemCode']?.['enum']).to.deep.equal(Object.keys(problemCodes));
      expect(schemas['ProblemDetails']?.properties?.['code']).to.deep.equal({
        $ref: '#/components/schemas/ProblemCode',
      });
      expect(examples).to.include.all.keys(Object.keys(problemCodes));
    });
  });

  it('has its model’s example in each body', () => {
    const operation = completed({ ...plain, requestBody: { content: ofGreeting } });
    for (const content of [operation.requestBody?.content, operation.responses['200']?.content])
      expect(content?.['application/json']?.example).to.deep.equal({ message: 'hello' });
  });

  it('has no empty parts', () => {
    const { info, components } = completeContract({
      info: { contact: {} },
      components: { requestBodies: {}, schemas: { ProblemDetails: { properties: {} } } },
      paths: {},
    });
    expect(info).to.deep.equal({});
    expect(components).to.have.all.keys('schemas', 'headers', 'examples');
  });

  describe('is refused, and says where, with', () => {
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
        /^greet: a body has no named schema/,
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
        /^greet: the model Silent needs an @example/,
      ],
    ] as const) {
      it(what, () => {
        expect(() => complete(...operations)).to.throw(message);
      });
    }

    it('no problems at all', () => {
      expect(() =>
        completeContract({ info: {}, components: { schemas: { Greeting: {} } }, paths: {} }),
      ).to.throw('No operation answers with ProblemDetails.');
    });
  });
});
