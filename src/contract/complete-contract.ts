import { problemCodes, type ProblemCode } from '../problems/problem-codes.js';
import { isPermission } from '../tokens/demands.js';

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

const problemType = 'application/problem+json';

/**
 * What tsoa cannot say, from what the controllers do say:
 * - every answer that follows from an operation's security, body or parameters is there: a new operation is complete;
 * - problems have their media type, their headers, and an example for each code that the answer's description names;
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
    Object.keys(problemCodes).map((code) => [code, problemExample(code as ProblemCode)]),
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
      addImpliedAnswers(operation);
      for (const [status, answer] of Object.entries(operation.responses)) {
        completeAnswer(answer, status, where);
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
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 2_147_483_647 },
    example: 4,
  },
} as const;

type HeaderName = keyof typeof headers;

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

function addImpliedAnswers(operation: Operation): void {
  const security = operation.security ?? [];
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
  if (scopes.length > 0) {
    implied['403'] =
      `The permission \`${scopes.join(' ')}\` is missing: \`insufficient_scope\`, \`password_change_required\`.`;
  }
  if (operation.requestBody) {
    implied['400'] = 'The body is not JSON: `missing_json`, `malformed_json`.';
    implied['413'] = 'The body is larger than 64 KiB: `payload_too_large`.';
    implied['415'] = 'The body is encoded or not UTF-8: `unsupported_media_type`.';
  }
  if (operation.requestBody || operation.parameters?.length) {
    implied['422'] = 'Something does not fit this contract; `errors` says what: `validation_failed`.';
  }
  implied['default'] = 'Any other failure, such as `internal_error`.';
  for (const [status, description] of Object.entries(implied)) {
    operation.responses[status] ??= { description };
  }
}

function completeAnswer(answer: Answer, status: string, where: string): void {
  if (!answer.description) throw new Error(`${where}: the answer ${status} needs a description.`);
  const codes = codesIn(answer.description);
  const names: HeaderName[] = ['X-Request-Id'];
  if (status === 'default' || Number(status) >= 400) {
    if (codes.length === 0) {
      throw new Error(`${where}: the description of ${status} must name its problem codes in backquotes.`);
    }
    for (const code of codes) {
      if (status !== 'default' && problemCodes[code].status !== Number(status)) {
        throw new Error(`${where}: ${status} names ${code}, whose status is ${problemCodes[code].status}.`);
      }
    }
    if (status === '401' || codes.includes('insufficient_scope')) names.push('WWW-Authenticate');
    if (status === '429' || codes.includes('busy')) names.push('Retry-After');
    answer.content = {
      [problemType]: {
        schema: { $ref: '#/components/schemas/ProblemDetails' },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    };
  }
  answer.headers = {
    ...answer.headers,
    ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  };
}

function codesIn(description: string): ProblemCode[] {
  return [...description.matchAll(/`([a-z_]+)`/g)]
    .map(([, word]) => word as ProblemCode)
    .filter((word) => word in problemCodes);
}

function problemExample(code: ProblemCode): object {
  const { title, status, detail } = problemCodes[code];
  return {
    summary: title,
    value: {
      type: `http://127.0.0.1:3000/problems/${code}`,
      title,
      status,
      detail,
      code,
      ...(code === 'validation_failed' && { errors: { username: "'username' is required" } }),
    },
  };
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
