// The service that the SDKs are tested against: Latchkey with a project that lists reports, takes their files, and
// removes them after a login with a second factor. Not built: this is what the build makes of a controller, so that it
// runs wherever Latchkey does.
//
//     node reports-service.js contract <folder>    writes the contract there
//     node reports-service.js start <folder>       starts the service with it
import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../bin/sources.js';

const load = (file) => import(pathToFileURL(join(root, 'dist/src', file)).href);

class ReportsController {
  #reports = [];

  listReports() {
    return { items: this.#reports };
  }

  addReport(file, title) {
    const report = {
      title,
      file_name: file.originalname,
      size: file.size,
      text: file.buffer.toString('utf8'),
    };
    this.#reports = [...this.#reports, report];
    return report;
  }

  removeReports() {
    this.#reports = [];
  }
}

const part = (name, dataType) => ({ in: 'formData', name, required: true, dataType });
const operations = [
  {
    ...{ method: 'get', path: '/reports', controller: ReportsController, handler: 'listReports' },
    ...{ parameters: {}, security: [{ bearer: [] }], successStatus: 200 },
  },
  {
    ...{ method: 'post', path: '/reports', controller: ReportsController, handler: 'addReport' },
    ...{ parameters: { file: part('file', 'file'), title: part('title', 'string') } },
    ...{ security: [{ bearer: [] }], successStatus: 201 },
  },
  {
    ...{ method: 'delete', path: '/reports', controller: ReportsController, handler: 'removeReports' },
    ...{ parameters: {}, security: [{ bearer: ['mfa:300'] }], successStatus: 204 },
  },
];

/** As tsoa writes it. */
function describeReports() {
  const text = (description) => ({ type: 'string', maxLength: 200, description });
  const properties = {
    title: text('What it is about.'),
    file_name: text('The name of its file.'),
    size: { type: 'integer', format: 'int32', minimum: 0, maximum: 100_000, description: 'In bytes.' },
    text: text('What is in the file.'),
  };
  const example = { title: 'July', file_name: 'july.txt', size: 12, text: 'All is well.' };
  const describeResponse = (description, model) => ({
    description,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${model}` } } },
  });
  const form = {
    type: 'object',
    properties: { file: { type: 'string', format: 'binary' }, title: { type: 'string', maxLength: 200 } },
    required: ['file', 'title'],
  };
  const common = { tags: ['Reports'], security: [{ bearer: [] }] };
  return {
    paths: {
      '/reports': {
        get: {
          ...common,
          ...{ operationId: 'listReports', summary: 'List reports', description: 'All reports.' },
          responses: { 200: describeResponse('The reports.', 'ReportList') },
        },
        post: {
          ...common,
          ...{
            operationId: 'addReport',
            summary: 'Add a report',
            description: 'Adds a report with its file.',
          },
          requestBody: { required: true, content: { 'multipart/form-data': { schema: form } } },
          responses: { 201: describeResponse('The report.', 'Report') },
        },
        delete: {
          ...common,
          ...{
            operationId: 'removeReports',
            summary: 'Remove all reports',
            description: 'Removes all reports.',
            security: [{ bearer: ['mfa:300'] }],
          },
          responses: { 204: { description: 'Removed.' } },
        },
      },
    },
    schemas: {
      Report: {
        ...{ type: 'object', description: 'A report.', properties, example, additionalProperties: false },
        required: Object.keys(properties),
      },
      ReportList: {
        ...{ type: 'object', description: 'Reports.', example: { items: [example] } },
        ...{ required: ['items'], additionalProperties: false },
        properties: {
          items: {
            ...{ type: 'array', maxItems: 1000, description: 'The reports.' },
            items: { $ref: '#/components/schemas/Report' },
          },
        },
      },
    },
  };
}

/** The repository's own project, whose example the SDKs call, with the reports. */
function readRawContract() {
  const [document, sources] = ['tsoa.json', 'sources.json'].map((file) =>
    JSON.parse(readFileSync(join(root, 'dist/contract', file), 'utf8')),
  );
  const { paths, schemas } = describeReports();
  Object.assign(document.paths, paths);
  Object.assign(document.components.schemas, schemas);
  return { document, sources };
}

const [, , command, folder = '.'] = process.argv;
const { FileLimits, defineProject, start } = await load('latchkey.js');
FileLimits({ maxSize: '100 KB', types: ['text/plain'] })(ReportsController.prototype, 'addReport', {
  value: ReportsController.prototype.addReport,
});

if (command === 'contract') {
  const [{ completeContract }, { writeContractFiles }, { findFileLimits }, { mergeContracts }] =
    await Promise.all(
      ['complete-contract', 'contract-files', 'find-file-limits', 'merge-contracts'].map((name) =>
        load(`contract/${name}.js`),
      ),
    );
  const latchkey = JSON.parse(readFileSync(join(root, 'dist/contract/latchkey.json'), 'utf8'));
  const { document } = mergeContracts(latchkey, readRawContract());
  const completed = completeContract(document, { fileLimits: findFileLimits(operations) });
  writeContractFiles(pathToFileURL(folder + sep), completed);
} else {
  const { routes } = await load('../generated/routes.js');
  await start(
    defineProject({
      routes: {
        ...routes,
        root: pathToFileURL(folder + sep),
        operations: [...routes.operations, ...operations],
      },
    }),
  );
}
