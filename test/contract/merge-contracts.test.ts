import { expect } from 'chai';
import { mergeContracts, type RawContract } from '../../src/contract/merge-contracts.js';
import { readLatchkeyContract } from '../support/own-project.js';

const operation = (operationId: string): RawContract['document']['paths'][string][string] => ({
  operationId,
  tags: ['Reports'],
  responses: {},
});

const raw = (
  paths: RawContract['document']['paths'],
  schemas: RawContract['document']['components']['schemas'] = {},
  sources: Partial<RawContract['sources']> = {},
): RawContract => ({
  document: {
    openapi: '3.0.3',
    info: { title: 'Reports', version: '1.2.3' },
    paths,
    components: { schemas },
  },
  sources: { places: {}, models: {}, tags: {}, controllerTags: {}, thrown: {}, ...sources },
});

describe('A contract that is merged of two', () => {
  const latchkey = readLatchkeyContract();

  it('has the title of the project, and the operations, models and tags of both', () => {
    const own = raw(
      { '/reports': { get: operation('listReports') } },
      { Report: { type: 'object' } },
      { tags: { Reports: 'What is known.' } },
    );
    const { document } = mergeContracts(latchkey, own);
    expect(document.info).to.deep.equal({ title: 'Reports', version: '1.2.3' });
    expect(document.paths).to.include.keys('/reports', '/login', '/users/{id}');
    expect(document.components.schemas).to.include.keys('Report', 'User', 'ProblemDetails');
    expect(document.components['securitySchemes']).to.include.keys('bearer');
    expect(document.tags?.slice(0, 3).map(({ name }) => name)).to.deep.equal([
      'Sessions',
      'Reports',
      'Own account',
    ]);
  });

  it('leaves both as they were', () => {
    const own = raw({ '/reports': { get: operation('listReports') } }, {}, { tags: { Reports: 'Known.' } });
    const before = JSON.stringify([latchkey, own]);
    mergeContracts(latchkey, own);
    expect(JSON.stringify([latchkey, own])).to.equal(before);
  });

  it('may have a model in both where it is the same', () => {
    const { ProblemDetails = {} } = latchkey.document.components.schemas;
    const own = raw({}, { ProblemDetails: structuredClone(ProblemDetails) });
    const { schemas } = mergeContracts(latchkey, own).document.components;
    expect(schemas['ProblemDetails']).to.deep.equal(ProblemDetails);
  });

  for (const [what, own, message] of [
    [
      'an operation',
      raw(
        { '/users/{name}': { get: operation('readUser') } },
        {},
        { places: { 'GET /users/{name}': 'src/people/people.controller.ts:12' } },
      ),
      /^src\/people\/people\.controller\.ts:12: GET \/users\/\{name\} is an operation of Latchkey already, at src\/users\/users\.controller\.ts:\d+\. Change its path or its method\.$/,
    ],
    [
      'an operationId',
      raw({ '/reports': { get: operation('listUsers') } }),
      /^the project: the operationId listUsers is that of Latchkey's GET \/users, at src\/users\/users\.controller\.ts:\d+\. Rename the method/,
    ],
    [
      'a model that is another',
      raw({}, { User: { type: 'string' } }, { models: { User: 'src/people/people.models.ts:3' } }),
      /^src\/people\/people\.models\.ts:3: the model User is one of Latchkey's already, at src\/users\/users\.models\.ts:\d+\. Rename it/,
    ],
    [
      'a described tag',
      raw({}, {}, { tags: { Users: 'People.' } }),
      /^the project: the tag "Users" is one of Latchkey's already\. Give it another name\.$/,
    ],
  ] as const) {
    it(`is refused where both have ${what}, and says where`, () => {
      expect(() => mergeContracts(latchkey, own)).to.throw(message);
    });
  }

  it('says all of what clashes at once', () => {
    const own = raw({ '/login': { post: operation('login') } }, { User: {} });
    expect(() => mergeContracts(latchkey, own)).to.throw(/POST \/login[^]*operationId login[^]*model User/);
  });
});
