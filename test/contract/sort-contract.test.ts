import { expect } from 'chai';
import type { Document, Operation } from '../../src/contract/openapi.js';
import { sortContract } from '../../src/contract/sort-contract.js';
import { readContract } from '../support/repository-contract.js';

const contract = readContract().document as unknown as Document;

/** `GET /users` and so on, as they follow each other. */
function operationsOf({ paths }: Document): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

function reversed<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).reverse());
}

describe('The order of the contract', () => {
  it('does not depend on the order of the source files', () => {
    const { paths, components } = contract;
    const document: Document = {
      ...contract,
      paths: reversed(
        Object.fromEntries(Object.entries(paths).map(([path, operations]) => [path, reversed(operations)])),
      ),
      components: { ...components, schemas: reversed(components.schemas) },
    };
    sortContract(document);
    expect(operationsOf(document)).to.deep.equal(operationsOf(contract));
    expect(Object.keys(document.components.schemas)).to.deep.equal(Object.keys(components.schemas));
  });

  it('follows the order of the tags', () => {
    const tags = Object.values(contract.paths).map((operations) => Object.values(operations)[0]?.tags?.[0]);
    expect([...new Set(tags)]).to.deep.equal(contract.tags?.map(({ name }) => name));
  });

  it('lists login, refresh and logout in this order', () => {
    expect(operationsOf(contract).slice(0, 3)).to.deep.equal([
      'POST /login',
      'POST /refresh',
      'POST /logout',
    ]);
  });

  it('lists collections before items, and reads before writes', () => {
    expect(operationsOf(contract).filter((name) => name.includes(' /clients'))).to.deep.equal([
      'GET /clients',
      'POST /clients',
      'GET /clients/{id}',
      'PATCH /clients/{id}',
      'DELETE /clients/{id}',
      'POST /clients/{id}/secret',
    ]);
  });

  it('lists new operations after those of the service, by tag and path', () => {
    const operation = (tag: string): Operation => ({ operationId: 'x', tags: [tag], responses: {} });
    const document: Document = {
      openapi: '3.0.3',
      info: {},
      tags: [{ name: 'Sessions' }, { name: 'Reports' }],
      components: { schemas: {} },
      paths: {
        '/reports/{id}': { get: operation('Reports') },
        '/login/passkey': { post: operation('Sessions') },
        '/undescribed': { get: operation('Undescribed') },
        '/reports': { post: operation('Reports'), get: operation('Reports') },
        '/login': { post: operation('Sessions') },
      },
    };
    sortContract(document);
    expect(operationsOf(document)).to.deep.equal([
      'POST /login',
      'POST /login/passkey',
      'GET /reports',
      'POST /reports',
      'GET /reports/{id}',
      'GET /undescribed',
    ]);
  });
});
