import { STATUS_CODES } from 'node:http';
import { problemCodes, type ProblemKinds } from '../problems/problem-codes.js';
import { isPartOfEnrollment, isPermission } from '../http/security-requirements.js';
import { completeSchemas } from './complete-schemas.js';
import {
  completeUpload,
  describeUploadErrors,
  uploadType,
  type DescribedLimits,
} from './complete-uploads.js';
import { addExamples } from './derive-examples.js';
import { deriveNames } from './derive-names.js';
import { deriveOperations } from './derive-operations.js';
import { addThrownCodes, describeMissingCode, findCodes } from './error-codes.js';
import { createProblemForm, oauthForm, type ErrorForm } from './error-forms.js';
import { headers, createReferences } from './headers.js';
import { maxFieldErrors } from '../problems/problem.js';
import { mergeIntersections } from './merge-intersections.js';
import { sortContract } from './sort-contract.js';
import type { ResponseObject, Document, Operation, Schema } from './openapi.js';

/** The media type of a page. */
const pageType = 'text/html';

/** Reports what is wrong with an operation. */
type Fail = (what: string) => void;

/** What tsoa's document lacks of the sources, by operation (`GET /reports/{id}`), and what is told of gaps. */
export interface CompletionOptions {
  /** The tag that a controller's name stands for. */
  readonly controllerTags?: Readonly<Record<string, string>>;
  /** The codes of the problems that the controller's method throws itself. */
  readonly thrown?: Readonly<Record<string, readonly string[]>>;
  /** What the files of an operation may be. */
  readonly fileLimits?: Readonly<Record<string, DescribedLimits>>;
  /** The problems with codes of a project's own. */
  readonly ownProblems?: ProblemKinds;
  /** Gets what makes the document worse and leaves it valid: an operation or a model, a colon, and what to write. */
  readonly onWarning?: (line: string) => void;
}

/**
 * Completes tsoa's document with what follows from the controllers:
 * - what their names and types say: summaries, descriptions, tags, names of models, examples;
 * - each response that follows from an operation's security, body or parameters;
 * - media type, headers and an example for each error code in the description of an error response;
 * - permissions, where OpenAPI 3.0 has a place for them;
 * - the model's example for request bodies and responses;
 * - models are complete, see `completeSchemas`.
 * @throws with one line per error: a duplicate operationId, an error response that names a code of another status.
 */
export function completeContract(document: Document, options: CompletionOptions = {}): Document {
  const { controllerTags, thrown = {}, fileLimits = {}, ownProblems = {}, onWarning } = options;
  const kinds = { ...problemCodes, ...ownProblems };
  const problemForm = createProblemForm(kinds);
  for (const [name, group] of Object.entries(document.components)) {
    if (Object.keys(group).length === 0) Reflect.deleteProperty(document.components, name);
  }
  document.components['headers'] = headers;
  document.components['examples'] = Object.fromEntries(
    [problemForm, oauthForm].flatMap(({ codes, example }) =>
      Object.keys(codes).map((code) => [code, example(code)]),
    ),
  );
  addProblemCodes(document.components.schemas, Object.keys(kinds));
  mergeIntersections(document);
  deriveNames(document);
  deriveOperations(document, controllerTags);
  const seen = new Set<string>();
  const errors: string[] = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path}`;
      const fail: Fail = (what) => errors.push(`${name}: ${what}`);
      const warn: Fail = (what) => onWarning?.(`${name}: ${what}`);
      if (seen.has(operation.operationId)) {
        fail(`the operationId ${operation.operationId} is taken. Rename the controller's method.`);
      }
      seen.add(operation.operationId);
      const form = findErrorForm(operation) ?? problemForm;
      const limits = fileLimits[name];
      if (limits) completeUpload(operation, limits, warn);
      addImpliedResponses(operation, { name, form, limits });
      addThrownCodes(operation, thrown[name] ?? [], form);
      describePermissions(operation);
      const isLimited = operation.responses['429']?.description.includes('`too_many_requests`') ?? false;
      const isPage = operation.responses['200']?.content?.[pageType] !== undefined;
      for (const [status, response] of Object.entries(operation.responses)) {
        completeResponse(response, status, { form, fail, warn, isLimited, isPage });
      }
      addExamples(document.components.schemas, operation, warn);
    }
  }
  if (errors.length > 0) throw new Error(errors.join('\n'));
  completeSchemas(document);
  sortContract(document);
  // In the order in which people read it.
  const { openapi, info, components, paths, ...rest } = document;
  return { openapi, info, ...rest, paths, components };
}

/** An operation with one OAuth error response has OAuth's form for all errors. */
function findErrorForm({ responses }: Operation): ErrorForm | undefined {
  const contents = Object.values(responses).flatMap(({ content }) => Object.values(content ?? {}));
  return contents.some(({ schema }) => schema?.$ref?.endsWith(`/${oauthForm.schema}`))
    ? oauthForm
    : undefined;
}

function addProblemCodes(schemas: Record<string, Schema>, codes: string[]): void {
  const properties = schemas['ProblemDetails']?.properties;
  if (!properties) throw new Error('No operation has a response with ProblemDetails.');
  schemas['ProblemCode'] = {
    type: 'string',
    enum: codes,
    'x-extensible-enum': [...codes],
    description:
      'The kind of problem for programs. A code keeps its meaning and its status; a newer service may have more of them, which a client treats by their status.',
  };
  properties['code'] = { $ref: '#/components/schemas/ProblemCode' };
  // tsoa cannot annotate what is under an index signature.
  Object.assign(schemas['FieldErrors'] ?? {}, {
    maxProperties: maxFieldErrors,
    additionalProperties: { type: 'string', maxLength: 2000 },
  });
}

/**
 * In OpenAPI 3.0 only OAuth schemes may have scopes in a security requirement. In 3.1 any scheme may have roles:
 * `toOpenApi31` moves them back.
 */
function describePermissions(operation: Operation): void {
  if (!operation.security) return;
  const demands = operation.security.flatMap((schemes) => Object.values(schemes).flat());
  const permissions = demands.filter(isPermission);
  operation.security = operation.security.map((schemes) =>
    Object.fromEntries(Object.keys(schemes).map((scheme) => [scheme, []])),
  );
  if (permissions.length === 0) return;
  operation['x-required-permissions'] = permissions;
  const named = permissions.map((permission) => `\`${permission}\``).join(', ');
  operation.description = `${operation.description ?? ''}\n\nPermission: ${named}.`;
}

interface ImpliedContext {
  /** Such as `GET /me`. */
  readonly name: string;
  readonly form: ErrorForm;
  readonly limits: DescribedLimits | undefined;
}

function addImpliedResponses(operation: Operation, { name, form, limits }: ImpliedContext): void {
  const media = operation.requestBody?.content;
  const implied = {
    ...form.commonResponses,
    ...(form !== oauthForm && getSecurityResponses(operation.security ?? [])),
    ...(media && form.bodyResponses['application/x-www-form-urlencoded' in media ? 'form' : 'json']),
    ...((media ?? operation.parameters?.length) && form.inputResponses),
    ...(limits && media && uploadType in media && describeUploadErrors(limits)),
  };
  for (const [status, description] of Object.entries(implied)) {
    operation.responses[status] ??= { description };
  }
  if (form !== oauthForm && (operation.security ?? []).length > 0 && !isPartOfEnrollment(name)) {
    addEnrollmentCode(operation);
  }
}

/** A session whose user must set up a second factor can do nothing else. */
function addEnrollmentCode({ responses }: Operation): void {
  const code = '`second_factor_enrollment_required`';
  const forbidden = responses['403'];
  if (!forbidden) responses['403'] = { description: `A second factor must be set up first: ${code}.` };
  else if (!forbidden.description.includes(code)) {
    forbidden.description += ` A second factor must be set up first: ${code}.`;
  }
}

function getSecurityResponses(security: NonNullable<Operation['security']>): Record<string, string> {
  const demands = security.flatMap((schemes) => Object.values(schemes).flat());
  const scopes = demands.filter(isPermission);
  const optional = security.some((schemes) => Object.keys(schemes).length === 0);
  const implied: Record<string, string> = {};
  if (security.length > 0) {
    const fresh = demands.length > scopes.length;
    const codes = [
      ...(optional ? [] : ['authentication_required']),
      ...['invalid_token', 'csrf_failed'],
      ...(fresh ? ['insufficient_user_authentication'] : []),
    ];
    const what = optional
      ? `An access token was sent that is not valid${fresh ? ', or not of a fresh login' : ''}`
      : `No valid access token ${fresh ? 'of a fresh login ' : ''}was sent`;
    implied['401'] = `${what}: ${codes.map((code) => `\`${code}\``).join(', ')}.`;
  }
  if (security.length > 0) {
    implied['503'] =
      'Whether the token was revoked cannot be checked, or the database does not respond: `not_ready`.';
  }
  if (scopes.length > 0) {
    implied['403'] =
      `The permission \`${scopes.join(' ')}\` is missing: \`insufficient_scope\`, \`password_change_required\`.`;
  }
  return implied;
}

interface ResponseContext {
  readonly form: ErrorForm;
  readonly fail: Fail;
  readonly warn: Fail;
  /** Whether the operator can limit its requests. */
  readonly isLimited: boolean;
  /** Whether browsers get errors as pages. */
  readonly isPage: boolean;
}

function completeResponse(
  response: ResponseObject,
  status: string,
  { form, fail, warn, isLimited, isPage }: ResponseContext,
): void {
  const references: Record<string, keyof typeof headers> = {};
  response.description ||= `${STATUS_CODES[status] ?? status}.`;
  if (status === '429' || (isLimited && /^[24]/.test(status))) references['RateLimit'] = 'RateLimit';
  if (status === 'default' || Number(status) >= 400) {
    const codes = findCodes(response.description, form);
    if (codes.length === 0) warn(describeMissingCode(status, form));
    for (const code of codes) {
      const statuses = form.codes[code] ?? [];
      if (status !== 'default' && !statuses.includes(Number(status))) {
        fail(`${status} names ${code}, whose status is ${statuses.join(' or ')}.`);
      }
    }
    const isAmong = (list: readonly string[]): boolean => codes.some((code) => list.includes(code));
    if (status === '401' || isAmong(form.codesWithChallenge)) references['WWW-Authenticate'] = form.challenge;
    if (status === '429' || isAmong(form.codesWithRetryAfter)) references['Retry-After'] = 'Retry-After';
    response.content = {
      [form.mediaType]: {
        schema: { $ref: `#/components/schemas/${form.schema}` },
        ...(codes.length > 0 && {
          examples: Object.fromEntries(
            codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
          ),
        }),
      },
      // A malformed request is refused before its operation is known.
      ...(isPage &&
        status !== '400' && { [pageType]: { schema: { $ref: '#/components/schemas/HtmlPage' } } }),
    };
  }
  // Last, because every response has it.
  references['X-Request-Id'] = 'X-Request-Id';
  response.headers = { ...response.headers, ...createReferences(references) };
}
