import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Generated } from 'kysely';
import type { Request } from 'express';
import { defineRoutes, type Operation } from '../../src/build.js';
import {
  defineProblems,
  createId,
  requireUser,
  type AuthenticatedRequest,
  type Clock,
  type Database,
  type PublicTables,
  type ProjectContext,
  type ProjectDefinition,
  type ProjectMigrations,
} from '../../src/latchkey.js';
import { completeContract } from '../../src/contract/complete-contract.js';
import { writeContractFiles } from '../../src/contract/contract-files.js';
import { mergeContracts, type RawContract } from '../../src/contract/merge-contracts.js';
import { checkout } from './checkout.js';

/** A project as a builder has it: a table, a service, a controller, a problem of its own. */

export interface ReportTables {
  reports: {
    id: string;
    number: Generated<number>;
    owner_id: string;
    title: string;
    created_at: number;
  };
}

export const reportMigrations: ProjectMigrations = {
  '0001-reports': {
    async up(database, { dialect }) {
      await database.schema
        .createTable('reports')
        .addColumn('id', 'text', (column) => column.notNull().primaryKey())
        .addColumn('owner_id', 'text', (column) =>
          column.notNull().references('users.id').onDelete('cascade'),
        )
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('created_at', dialect === 'sqlite' ? 'integer' : 'bigint', (column) => column.notNull())
        .execute();
    },
  },
};

export const problems = defineProblems({
  report_locked: {
    status: 409,
    title: 'Report locked',
    detail: 'The report is locked.',
    meaning: 'Somebody else is changing the report.',
    remedy: 'Read it again with GET /own/reports, and try again later.',
  },
});

interface Report {
  readonly id: string;
  readonly owner: string;
  readonly title: string;
}

export class ReportsService {
  readonly #database: Database<PublicTables & ReportTables>;
  readonly #clock: Clock;
  isClosed = false;

  constructor({ database, clock }: ProjectContext) {
    this.#database = database.withTables<ReportTables>();
    this.#clock = clock;
  }

  list(): Promise<Report[]> {
    return this.#database.queries
      .selectFrom('reports')
      .innerJoin('users', 'users.id', 'reports.owner_id')
      .select(['reports.id', 'users.username as owner', 'title'])
      .where('users.deleted_at', 'is', null)
      .orderBy('reports.id')
      .execute();
  }

  async create(ownerId: string, title: string): Promise<void> {
    const row = { id: createId(this.#clock), owner_id: ownerId, title, created_at: this.#clock.now() };
    await this.#database.transaction(async (transaction) => {
      await transaction.insertInto('reports').values(row).execute();
    });
  }

  async deleteAll(): Promise<void> {
    await this.#database.queries.deleteFrom('reports').execute();
  }
}

class ReportsController {
  readonly #reports: ReportsService;

  constructor({ reports }: { readonly reports: ReportsService }) {
    this.#reports = reports;
  }

  async listReports(): Promise<object> {
    return { items: await this.#reports.list() };
  }

  async createReport(request: AuthenticatedRequest, { title }: { readonly title: string }): Promise<void> {
    await this.#reports.create(requireUser(request).userId, title);
  }

  lockReport(): never {
    throw problems.create('report_locked', { detail: 'The report is locked by ada.' });
  }

  exportUsers(request: Request): object {
    return { caller: request.caller?.subject ?? null, user: request.user ?? null };
  }
}

const request = { in: 'request', name: 'request', required: true, dataType: 'object' } as const;

function operation(
  method: Operation['method'],
  path: string,
  handler: keyof ReportsController,
  security: Operation['security'],
  parameters: Operation['parameters'] = {},
): Operation {
  return {
    method,
    path,
    controller: ReportsController,
    handler,
    security,
    parameters,
    successStatus: undefined,
  };
}

const operations = [
  operation('get', '/own/reports', 'listReports', [{ bearer: ['reports:read'] }]),
  operation('post', '/own/reports', 'createReport', [{ bearer: ['reports:write'] }], {
    request,
    body: { in: 'body', name: 'body', required: true, ref: 'NewReport' },
  }),
  operation('post', '/own/reports/lock', 'lockReport', []),
  // Beside Latchkey's GET /users/:id.
  operation('get', '/users/export', 'exportUsers', [{}, { bearer: [] }], { request }),
  operation('get', '/own/reports/fresh', 'listReports', [{ bearer: ['fresh:60'] }]),
];

const folders: string[] = [];

/** Removes what `createOwnProject` has written. */
export async function removeOwnProjects(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** The project, with its contract in a folder of its own. */
export async function createOwnProject(): Promise<ProjectDefinition<{ readonly reports: ReportsService }>> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-project-'));
  folders.push(folder);
  const root = pathToFileURL(folder + sep);
  const { document } = mergeContracts(readLatchkeyContract(), ownContract());
  writeContractFiles(root, completeContract(document, { ownProblems: problems.kinds }));
  return {
    routes: defineRoutes({
      root,
      operations,
      models: {
        NewReport: {
          dataType: 'refObject',
          properties: {
            title: { dataType: 'string', required: true, validators: { maxLength: { value: 100 } } },
          },
          additionalProperties: false,
        },
      },
      validation: { noImplicitAdditionalProperties: 'throw-on-extras', bodyCoercion: false },
    }),
    problems,
    migrations: reportMigrations,
    createServices: (context: ProjectContext) => ({ reports: new ReportsService(context) }),
    cleanUp: ({ reports }: { readonly reports: ReportsService }) => reports.deleteAll(),
    close: ({ reports }: { readonly reports: ReportsService }) => {
      reports.isClosed = true;
    },
  };
}

/** What the build has made of Latchkey's own controllers. */
export function readLatchkeyContract(): RawContract {
  return JSON.parse(readFileSync(join(checkout, 'dist/contract/latchkey.json'), 'utf8')) as RawContract;
}

/** What the build would make of the controller above. */
function ownContract(): RawContract {
  const described = operations.map(({ method, path, handler, security, parameters }) => {
    const body = Object.hasOwn(parameters, 'body') && {
      requestBody: {
        content: { 'application/json': { schema: { $ref: '#/components/schemas/NewReport' } } },
      },
    };
    const result = {
      description: 'Done.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ReportList' } } },
    };
    const locked = { description: 'The report is locked: `report_locked`.' };
    const operation = {
      operationId: path.replaceAll('/', '_') + method,
      tags: ['Reports'],
      summary: handler,
      description: 'An operation of the project.',
      security: security.map((schemes) => ({ ...schemes })) as Record<string, string[]>[],
      ...body,
      responses:
        handler === 'lockReport' ? { '204': { description: 'Done.' }, '409': locked } : { '200': result },
    };
    return { path, method, operation };
  });
  const paths: RawContract['document']['paths'] = {};
  for (const { path, method, operation } of described) paths[path] = { ...paths[path], [method]: operation };
  return {
    document: {
      openapi: '3.0.3',
      info: { title: 'Reports', version: '1.2.3', description: 'The reports of a company.' },
      tags: [{ name: 'Reports', description: 'What is known.' }],
      paths,
      components: {
        schemas: {
          NewReport: { type: 'object', properties: { title: { type: 'string' } }, example: { title: 'One' } },
          ReportList: { type: 'object', properties: {}, example: { items: [] } },
        },
      },
    },
    sources: { places: {}, models: {}, tags: {}, controllerTags: {}, thrown: {} },
  };
}
