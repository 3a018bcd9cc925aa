import { expect } from 'chai';
import { describeTags, addLocations } from '../../src/contract/sources.js';

const sources = {
  places: { 'GET /reports/{id}': 'src/reports/reports.controller.ts:12' },
  tags: { Reports: 'What is known.', Invoices: 'What is owed.', Users: 'The comment of a class.' },
};

describe('addLocations and describeTags', () => {
  it('add file and line to lines that start with an operation', () => {
    expect(
      addLocations('GET /reports/{id}: it fails.\nGET /reports: it fails.\nIt fails.', sources),
    ).to.equal(
      'src/reports/reports.controller.ts:12: GET /reports/{id}: it fails.\nGET /reports: it fails.\nIt fails.',
    );
  });

  it('add the tags that are not in tsoa.json, by name', () => {
    const document: Parameters<typeof describeTags>[0] = {
      openapi: '3.0.3',
      info: {},
      components: { schemas: {} },
      paths: {},
      tags: [{ name: 'Users', description: 'Accounts.' }],
    };
    describeTags(document, sources);
    expect(document.tags).to.deep.equal([
      { name: 'Users', description: 'Accounts.' },
      { name: 'Invoices', description: 'What is owed.' },
      { name: 'Reports', description: 'What is known.' },
    ]);
  });
});
