import { problemCodes } from '../problems/problem-codes.js';
import { isPermission } from '../tokens/demands.js';
import { errorForms, oauthForm, problemForm, type ErrorForm } from './error-forms.js';

/** As much of an OpenAPI 3.0 document as this step touches. */
export interface Document {
  info: { contact?: object };
  components: Record<string, Record<string, unknown>> & { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}

interface Schema {
  $ref?: string;
  example?: unknown;
  properties?: Record<string, Schema>;
  [keyword: string]: unknown;
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: unknown[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, Answer>;
}

interface Answer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, MediaType>;
}

interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, unknown>;
}

/**
 * What tsoa cannot say, from what the controllers do say:
 * - every answer that follows from an operation's security, body or parameters is there: a new operation is complete;
 * - errors have their media type, their headers, and an example for each code that the answer's description names;
 * - requests and answers have their model's example.
 * @throws where the contract would be incomplete: an operation without summary or description, an operationId twice,
 *   an answer without description, a problem that names no code or one of another status.
 */
export function completeContract(document: Document): Document {
  delete document.info.contact;
  for (const [name, group] of Object.entries(document.components)) {
    if (Object.keys(group).length === 0) Reflect.deleteProperty(document.components, name);
  }
  document.components['headers'] = headers;
  document.components['examples'] = Object.fromEntries(
    errorForms.flatMap(({ codes, example }) => Object.keys(codes).map((code) => [code, example(code)])),
  );
  addProblemCodes(document.components.schemas);
  const seen = new Set<string>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const where = `${method.toUpperCase()} ${path}`;
      if (seen.has(operation.operationId)) {
        throw new Error(
          `${where}: the operationId ${operation.operationId} is taken. Rename the controller's method.`,
        );
      }
      seen.add(operation.operationId);
      if (!operation.summary || !operation.description) {
        throw new Error(
          `${where}: the controller's method needs a comment with a description and a @summary.`,
        );
      }
      const form = errorFormOf(operation);
      addImpliedAnswers(operation, form);
      for (const [status, answer] of Object.entries(operation.responses)) {
        completeAnswer(answer, status, form, where);
      }
      addExamples(document.components.schemas, operation);
    }
  }
  return document;
}

const headers = {
  'X-Request-Id': {
    description: 'Names this request in the log.',
    schema: { type: 'string', maxLength: 128 },
    example: '0d3c7b3e-5d0a-4c52-8a1f-6f0c5a2b9e11',
  },
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750 §3).',
    schema: { type: 'string', maxLength: 1000 },
    example:
      'Bearer realm="latchkey", error="invalid_token", error_description="The access token has expired."',
  },
  'WWW-Authenticate-Basic': {
    description: 'The challenge (RFC 7617 §2).',
    schema: { type: 'string', maxLength: 1000 },
    example: 'Basic realm="latchkey"',
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 2_147_483_647 },
    example: 4,
  },
} as const;

/** An operation whose controller names the model of OAuth's errors answers all errors so. */
function errorFormOf({ responses }: Operation): ErrorForm {
  const answers = Object.values(responses).flatMap(({ content }) => Object.values(content ?? {}));
  return answers.some(({ schema }) => schema?.$ref?.endsWith(`/${oauthForm.schema}`))
    ? oauthForm
    : problemForm;
}

function addProblemCodes(schemas: Record<string, Schema>): void {
  const properties = schemas['ProblemDetails']?.properties;
  if (!properties) throw new Error('No operation answers with ProblemDetails.');
  schemas['ProblemCode'] = {
    type: 'string',
    enum: Object.keys(problemCodes),
    description:
      'The kind of problem for programs: a closed list, in which a code keeps its meaning and its status.',
  };
  properties['code'] = { $ref: '#/components/schemas/ProblemCode' };
}

function addImpliedAnswers(operation: Operation, form: ErrorForm): void {
  const media = operation.requestBody?.content;
  const implied = {
    ...(form === problemForm && impliedBySecurity(operation.security ?? [])),
    ...(media && form.ofBody['application/x-www-form-urlencoded' in media ? 'form' : 'json']),
    ...((media ?? operation.parameters?.length) && form.ofInput),
    ...form.ofAll,
  };
  for (const [status, description] of Object.entries(implied)) {
    operation.responses[status] ??= { description };
  }
}

function impliedBySecurity(security: NonNullable<Operation['security']>): Record<string, string> {
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
      'Whether the token was revoked cannot be said now, or the database does not answer: `not_ready`.';
  }
  if (scopes.length > 0) {
    implied['403'] =
      `The permission \`${scopes.join(' ')}\` is missing: \`insufficient_scope\`, \`password_change_required\`.`;
  }
  return implied;
}

function completeAnswer(answer: Answer, status: string, form: ErrorForm, where: string): void {
  if (!answer.description) throw new Error(`${where}: the answer ${status} needs a description.`);
  const references = { 'X-Request-Id': 'X-Request-Id' } as Record<string, string>;
  if (status === 'default' || Number(status) >= 400) {
    const codes = codesIn(answer.description, form);
    if (codes.length === 0) {
      throw new Error(`${where}: the description of ${status} must name its error codes in backquotes.`);
    }
    for (const code of codes) {
      const statuses = form.codes[code] ?? [];
      if (status !== 'default' && !statuses.includes(Number(status))) {
        throw new Error(`${where}: ${status} names ${code}, whose status is ${statuses.join(' or ')}.`);
      }
    }
    const isAmong = (list: readonly string[]): boolean => codes.some((code) => list.includes(code));
    if (status === '401' || isAmong(form.challenged)) references['WWW-Authenticate'] = form.challenge;
    if (status === '429' || isAmong(form.delayed)) references['Retry-After'] = 'Retry-After';
    answer.content = {
      [form.mediaType]: {
        schema: { $ref: `#/components/schemas/${form.schema}` },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    };
  }
  const described = Object.entries(references).map(([name, component]) => [
    name,
    { $ref: `#/components/headers/${component}` },
  ]);
  answer.headers = { ...answer.headers, ...(Object.fromEntries(described) as Record<string, unknown>) };
}

function codesIn(description: string, { codes }: ErrorForm): string[] {
  return [...description.matchAll(/`([a-z_]+)`/g)]
    .map(([, word]) => word ?? '')
    .filter((word) => Object.hasOwn(codes, word));
}

function addExamples(schemas: Record<string, Schema>, operation: Operation): void {
  const answers = Object.values(operation.responses).flatMap(({ content }) => Object.values(content ?? {}));
  for (const media of [...Object.values(operation.requestBody?.content ?? {}), ...answers]) {
    const name = media.schema?.$ref?.split('/').at(-1);
    if (!name) throw new Error(`${operation.operationId}: a body has no named schema. Give its type a name.`);
    if (media.examples) continue;
    const example = schemas[name]?.example;
    if (example === undefined)
      throw new Error(`${operation.operationId}: the model ${name} needs an @example.`);
    media.example = example;
  }
}
