import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { existsSync } from 'node:fs';
import { defineRoutes, type Operation } from '../../src/build.js';
import { FileLimits, type File, type ProjectDefinition } from '../../src/latchkey.js';
import { completeContract } from '../../src/contract/complete-contract.js';
import { writeContractFiles } from '../../src/contract/contract-files.js';
import { findFileLimits } from '../../src/contract/find-file-limits.js';
import { mergeContracts, type RawContract } from '../../src/contract/merge-contracts.js';
import type { Document, Schema } from '../../src/contract/openapi.js';
import { readLatchkeyContract } from './own-project.js';

/** What the operations of the project return about files. */
export interface Stored {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  /** Its contents, up to a few bytes. */
  readonly begins: string;
  readonly title?: string;
}

/** What the tests set, and see. */
export interface Uploads {
  /** Called while an operation has files. */
  whileHandling: (files: readonly File[]) => Promise<void> | void;
  /** The paths of all files on disk that operations have seen. */
  readonly paths: string[];
}

class FilesController {
  readonly #uploads: Uploads;

  constructor({ uploads }: { readonly uploads: Uploads }) {
    this.#uploads = uploads;
  }

  @FileLimits({ maxSize: '100 KB', types: ['image/png', 'text/*'] })
  async addPicture(file: File, title: string, note?: string): Promise<Stored> {
    await this.#uploads.whileHandling([file]);
    return { ...describe(file), title: note === undefined ? title : `${title}, ${note}` };
  }

  @FileLimits({ maxSize: 200_000, maxCount: 3, storage: 'disk' })
  async addFiles(files: readonly File[] = []): Promise<{ items: Stored[] }> {
    this.#uploads.paths.push(...files.map(({ path }) => path));
    await this.#uploads.whileHandling(files);
    return { items: files.map((file) => ({ ...describe(file), begins: String(existsSync(file.path)) })) };
  }

  @FileLimits({ maxSize: '1 MiB', storage: 'disk' })
  async keepFile(file: File): Promise<void> {
    await copyFile(file.path, `${file.path}.kept`);
    this.#uploads.paths.push(file.path);
    throw new Error('The operation fails after it has copied the file.');
  }

  anyFile(file?: File): Stored | { none: true } {
    return file ? describe(file) : { none: true };
  }
}

function describe({ originalname, size, mimetype, buffer }: File): Stored {
  const begins = (buffer as Buffer | undefined)?.subarray(0, 10).toString('latin1') ?? '';
  return { name: originalname, size, type: mimetype, begins };
}

const file = { in: 'formData', name: 'file', required: true, dataType: 'file' } as const;
const files = {
  in: 'formData',
  name: 'files',
  dataType: 'array',
  array: { dataType: 'file' },
} as const;

function operation(
  path: string,
  handler: keyof FilesController,
  parameters: Operation['parameters'],
): Operation {
  const security = [{ bearer: ['files:write'] }];
  return {
    method: 'post',
    path,
    controller: FilesController,
    handler,
    security,
    parameters,
    successStatus: undefined,
  };
}

const operations = [
  operation('/own/pictures', 'addPicture', {
    file,
    title: {
      in: 'formData',
      name: 'title',
      required: true,
      dataType: 'string',
      validators: { maxLength: { value: 20 } },
    },
    note: { in: 'formData', name: 'note', dataType: 'string' },
  }),
  operation('/own/files', 'addFiles', { files }),
  operation('/own/kept', 'keepFile', { file }),
  operation('/own/any', 'anyFile', { file: { ...file, required: false } }),
];

/** The project, with its contract in a folder of its own. */
export async function createUploadProject(
  uploads: Uploads,
): Promise<ProjectDefinition & { readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-project-'));
  const root = pathToFileURL(folder + sep);
  writeContractFiles(root, uploadContract());
  return {
    folder,
    routes: defineRoutes({
      root,
      operations,
      models: {},
      validation: { noImplicitAdditionalProperties: 'throw-on-extras', bodyCoercion: false },
    }),
    createServices: () => ({ uploads }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @param onWarning gets what is to be improved */
export function uploadContract(onWarning?: (line: string) => void): Document {
  const { document } = mergeContracts(readLatchkeyContract(), ownContract());
  return completeContract(document, {
    fileLimits: findFileLimits(operations),
    ...(onWarning && { onWarning }),
  });
}

/** As tsoa writes it. */
function ownContract(): RawContract {
  const paths: RawContract['document']['paths'] = {};
  for (const { path, handler, security, parameters } of operations) {
    const parts = Object.values(parameters).map((part) => {
      const binary = { type: 'string', format: 'binary' };
      if (part.dataType === 'file') return [part.name, binary];
      return [part.name, part.dataType === 'array' ? { type: 'array', items: binary } : { type: 'string' }];
    });
    const required = Object.values(parameters).flatMap((part) => (part.required ? [part.name] : []));
    const schema = {
      type: 'object',
      properties: Object.fromEntries(parts) as Record<string, Schema>,
      ...(required.length > 0 && { required }),
    };
    paths[path] = {
      post: {
        operationId: handler,
        tags: ['Files'],
        security: security.map((schemes) => ({ ...schemes })) as Record<string, string[]>[],
        requestBody: { content: { 'multipart/form-data': { schema } } },
        responses: {
          '200': {
            description: 'Ok',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Stored' } } },
          },
        },
      },
    };
  }
  return {
    document: {
      openapi: '3.0.3',
      info: { title: 'Files', version: '1.0.0' },
      tags: [{ name: 'Files', description: 'What was uploaded.' }],
      paths,
      components: {
        schemas: { Stored: { type: 'object', properties: {}, additionalProperties: true, example: {} } },
      },
    },
    sources: { places: {}, models: {}, tags: {}, controllerTags: {}, thrown: {} },
  };
}
