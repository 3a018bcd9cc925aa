import type { TsoaRoute } from '@tsoa/runtime';
import type { Request, RequestHandler, Response } from 'express';
import type { Multer } from 'multer';
import type { ResolvedFileLimits } from '../http/file-limits.js';
import { findTextError } from '../http/request-text.js';
import { Problem } from '../problems/problem.js';
import { endAfterResponse } from './connection.js';
import { openUploadFolder } from './upload-folder.js';

const formType = 'multipart/form-data';
/** The fields beside the files have the limit of other bodies. */
const maxFieldSize = 64 * 1024;
/** More than there are, so that the names of those that are too many can be told. */
const spareFields = 10;

/** `MulterError`; its types do not know all of its codes. */
interface LimitError extends Error {
  readonly code: string;
  readonly field?: string;
}

interface FileParameter {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isList: boolean;
}

/** The parameters of an operation that are parts of a form. */
export interface FormParameters {
  readonly files: readonly FileParameter[];
  /** The names of the others. */
  readonly fields: readonly string[];
  readonly isRequired: boolean;
}

/** @returns undefined for an operation that takes no form with files. */
export function findFormParameters(
  parameters: readonly TsoaRoute.ParameterSchema[],
): FormParameters | undefined {
  const parts = parameters.filter((parameter) => parameter.in === 'formData');
  if (parts.length === 0) return undefined;
  const isList = (part: TsoaRoute.ParameterSchema): boolean =>
    part.dataType === 'array' && part.array?.dataType === 'file';
  const isFile = (part: TsoaRoute.ParameterSchema): boolean => part.dataType === 'file' || isList(part);
  return {
    files: parts
      .filter(isFile)
      .map((part) => ({ name: part.name, isRequired: part.required === true, isList: isList(part) })),
    fields: parts.filter((part) => !isFile(part)).map(({ name }) => name),
    isRequired: parts.some(({ required }) => required === true),
  };
}

/**
 * Reads a form with files: `request.files` and `request.body`. Files are in memory, or on disk until the response has ended.
 * multer is loaded only where an operation takes a form.
 */
export function createFormReader(form: FormParameters, limits: ResolvedFileLimits): RequestHandler {
  const loading = loadReader(form, limits);
  // A failure is reported by the request that needs it.
  loading.catch(() => undefined);
  return async (request, response, next) => {
    if (checkForm(request, form, limits)) {
      const read = await loading;
      // It would wait for the end of a request that has ended.
      if (request.destroyed) throw createAbortedProblem();
      await readForm(request, response, read, form, limits);
      // The folder of the files is being deleted.
      if (response.closed) throw createAbortedProblem();
    } else {
      request.body = {};
      request.files = {};
    }
    next();
  };
}

function createAbortedProblem(): Problem {
  return new Problem('bad_request', { detail: 'The upload was aborted.' });
}

async function loadReader(form: FormParameters, limits: ResolvedFileLimits): Promise<RequestHandler> {
  const { default: multer } = await import('multer');
  const { maxSize, maxCount, storage } = limits;
  const files = form.files.map(({ name, isList }) => ({ name, maxCount: isList ? maxCount : 1 }));
  const reader: Multer = multer({
    storage: storage === 'disk' ? multer.diskStorage({ destination: chooseFolder }) : multer.memoryStorage(),
    defParamCharset: 'utf8',
    limits: {
      fileSize: maxSize,
      fields: form.fields.length + spareFields,
      fieldSize: maxFieldSize,
      fieldNameSize: 100,
      fieldNestingDepth: 0,
      headerPairs: 20,
    },
    fileFilter(_request, { fieldname, mimetype }, done) {
      if (acceptsType(limits.types, mimetype)) done(null, true);
      else done(createTypeProblem(fieldname, mimetype, limits));
    },
  });
  return reader.fields(files);
}

function chooseFolder(
  request: Request,
  _file: unknown,
  done: (error: Error | null, folder: string) => void,
): void {
  openUploadFolder(request, request.res as Response).then(
    (folder) => {
      done(null, folder);
    },
    (error: unknown) => {
      done(error as Error, '');
    },
  );
}

function acceptsType(types: readonly string[], type: string): boolean {
  const given = type.toLowerCase();
  return (
    types.length === 0 ||
    types.some((each) => (each.endsWith('/*') ? given.startsWith(each.slice(0, -1)) : given === each))
  );
}

/** Before anything is read. @returns false if there is no body and none is required. */
function checkForm(request: Request, form: FormParameters, limits: ResolvedFileLimits): boolean {
  const { 'content-encoding': encoding = 'identity', 'transfer-encoding': transfer } = request.headers;
  const length = Number(request.headers['content-length'] ?? 0);
  if (!form.isRequired && transfer === undefined && length === 0) return false;
  // What `request.is` says of a request without a body is null.
  if (!request.is(formType)) {
    throw new Problem('missing_form', {
      detail: `The body must be a form with files: Content-Type: ${formType}.`,
    });
  }
  if (encoding !== 'identity') throw new Problem('unsupported_media_type');
  if (length > computeMaxLength(form, limits)) {
    endAfterResponse(request.res as Response);
    throw createSizeProblem(form, limits);
  }
  return true;
}

function computeMaxLength(form: FormParameters, { maxSize, maxCount }: ResolvedFileLimits): number {
  const headers = 4096; // of a part, at most
  const sizes = form.files.map(({ isList }) => (isList ? maxCount : 1) * (maxSize + headers));
  return sizes.reduce((sum, size) => sum + size, (form.fields.length + 1) * (maxFieldSize + headers));
}

async function readForm(
  request: Request,
  response: Response,
  read: RequestHandler,
  form: FormParameters,
  limits: ResolvedFileLimits,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let left = computeMaxLength(form, limits);
    // A chunked body does not say its length before.
    const count = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left >= 0) return;
      request.off('data', count);
      request.unpipe();
      request.resume();
      endAfterResponse(response);
      reject(createSizeProblem(form, limits));
    };
    request.on('data', count);
    void read(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(toProblem(error as Error, form, limits));
    });
  });
  // multer reads nothing where the boundary is empty.
  if (request.files === undefined) {
    throw new Problem('bad_request', { detail: 'The form with files cannot be read: it has no boundary.' });
  }
  const errors = findErrors(request, form);
  if (errors.length > 0) {
    throw new Problem('validation_failed', { errors: Object.fromEntries(errors) });
  }
}

/** Undefined: the part names a charset that the parser does not know. */
type FormText = string | undefined;

/** What multer and tsoa let pass. */
function findErrors(request: Request, form: FormParameters): [string, string][] {
  const fields = request.body as Readonly<Record<string, FormText | FormText[]>>;
  const files = request.files as Readonly<Record<string, Express.Multer.File[]>>;
  return [
    ...form.files
      .filter(({ name, isRequired }) => isRequired && files[name] === undefined && !(name in fields))
      .map(({ name }): [string, string] => [name, `'${name}' is required`]),
    ...Object.entries(fields).flatMap(([name, value]): [string, string][] => {
      if (form.files.some((file) => file.name === name)) return [[name, 'must be a file']];
      if (!form.fields.includes(name)) return [[name, 'is not a field of this request']];
      return [value].flat().flatMap((text) => findWrongText(name, text));
    }),
    ...Object.entries(files).flatMap(([name, list]) =>
      list.flatMap(({ originalname }) => findWrongText(`${name}.filename`, originalname)),
    ),
  ];
}

/** The parser has replaced bytes that are not UTF-8 by U+FFFD, as `findTextError` says of other texts. */
function findWrongText(name: string, text: FormText): [string, string][] {
  const error = text === undefined || text.includes('\uFFFD') ? 'must be UTF-8' : findTextError(text);
  return error === undefined ? [] : [[name, error]];
}

function toProblem(error: Error, form: FormParameters, limits: ResolvedFileLimits): Error {
  if (error instanceof Problem) return error;
  if (isLimitError(error)) return explainLimit(error, form, limits);
  // Of the file system: not the client's.
  if ('syscall' in error) return error;
  return new Problem('bad_request', {
    detail: `The form with files cannot be read: ${error.message}.`,
    cause: error,
  });
}

function isLimitError(error: Error): error is LimitError {
  return error.name === 'MulterError';
}

function explainLimit(error: LimitError, form: FormParameters, limits: ResolvedFileLimits): Problem {
  const { code, field = '' } = error;
  switch (code) {
    case 'LIMIT_FILE_SIZE':
      return createSizeProblem(form, limits, field);
    case 'LIMIT_FIELD_VALUE':
      return new Problem('payload_too_large', { detail: `The field "${field}" is larger than 64 KiB.` });
    case 'LIMIT_UNEXPECTED_FILE':
      return refuseField(field, describeUnexpectedFile(field, form, limits));
    case 'LIMIT_FIELD_COUNT':
      return refuseField('body', 'has too many fields');
    case 'LIMIT_FIELD_KEY':
      return refuseField('body', 'has a field whose name is longer than 100 characters');
    case 'LIMIT_FIELD_NESTING':
    case 'INVALID_FIELD_NAME':
      return refuseField(field, 'is not a field of this request');
    default:
      return new Problem('bad_request', {
        detail: `The form with files cannot be read: ${error.message}.`,
        cause: error,
      });
  }
}

function describeUnexpectedFile(
  field: string,
  form: FormParameters,
  { maxCount }: ResolvedFileLimits,
): string {
  const known = form.files.find(({ name }) => name === field);
  if (known) return known.isList ? `must be at most ${maxCount} files` : 'must be one file';
  return form.fields.includes(field) ? 'must be text, not a file' : 'is not a field of this request';
}

function refuseField(field: string, error: string): Problem {
  return new Problem('validation_failed', { errors: { [field]: error } });
}

function createSizeProblem(
  form: FormParameters,
  { maxSizeText }: ResolvedFileLimits,
  field?: string,
): Problem {
  const names = field === undefined ? form.files.map(({ name }) => name) : [field];
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return new Problem('payload_too_large', {
    detail:
      field === undefined
        ? `The body is larger than its files may be (${quoted}): at most ${maxSizeText} each.`
        : `The file ${quoted} is larger than ${maxSizeText}.`,
  });
}

function createTypeProblem(field: string, type: string, { types }: ResolvedFileLimits): Problem {
  return new Problem('unsupported_media_type', {
    detail: `The file "${field}" is ${type.slice(0, 100)}. It may be ${types.join(', ')}.`,
  });
}
