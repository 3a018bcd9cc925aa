import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Response } from 'supertest';
import { recordResponse } from './contract-coverage.js';
import { readContract } from './repository-contract.js';

interface DescribedResponse {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

const contract = readContract().document as unknown as Document;
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
formats.default(ajv);
ajv.addSchema(contract, 'contract');

const paths = Object.entries(contract.paths).map(([template, operations]) => ({
  template,
  operations,
  pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
}));

/** The place of an operation in the contract. */
export function findOperationById(operationId: string): {
  readonly method: string;
  readonly pattern: RegExp;
} {
  for (const { operations, pattern } of paths) {
    for (const [method, operation] of Object.entries(operations)) {
      if (operation.operationId === operationId) return { method, pattern };
    }
  }
  throw new Error(`The contract has no operation ${operationId}.`);
}

/** A problem outside of any operation: the path or the method is not in the contract. */
const outside = new Set([404, 405, 400]);

/**
 * Throws if a response differs from the contract in its status, media type, headers, or any field of its body. Every
 * response that a test gets passes through here.
 */
export function checkAgainstContract(method: string, url: string, response: Response): void {
  const path = new URL(url, 'http://localhost').pathname;
  const where = `${method.toUpperCase()} ${path} → ${response.status}`;
  if (path === '/docs' || path.startsWith('/docs/') || (path === '/problems/' && response.status === 308))
    return;
  // The tests' own operations, which are not in the contract.
  if (path.startsWith('/own/')) {
    if (response.status >= 400) checkProblem(where, method, response);
    return;
  }
  const found = paths.find(({ pattern }) => pattern.test(path));
  const operation = found?.operations[method.toLowerCase() === 'head' ? 'get' : method.toLowerCase()];
  if (!operation) {
    if (method.toLowerCase() === 'options' && response.status === 204) return;
    if (!outside.has(response.status))
      throw new Error(`${where}: the contract does not have this operation.`);
    checkProblem(where, method, response);
    return;
  }
  const described = operation.responses[response.status] ?? operation.responses['default'];
  if (!described || (response.status < 400 && !operation.responses[response.status])) {
    throw new Error(`${where}: the contract does not have this status.`);
  }
  if (response.status >= 400) {
    if (described.content?.['application/json']) checkOAuthError(where, response);
    else checkProblem(where, method, response, described);
  }
  if (typeof response.headers['x-request-id'] !== 'string')
    throw new Error(`${where}: X-Request-Id is missing.`);
  const [mediaType = ''] = (response.get('Content-Type') ?? '').split(';');
  if (!described.content) {
    if (response.text)
      throw new Error(`${where}: the contract has no body here, and there is ${response.text}`);
    recordResponse(method, found.template, response.status, '');
    return;
  }
  const media = described.content[mediaType];
  if (!media) throw new Error(`${where}: the contract does not have the media type "${mediaType}".`);
  if (method.toLowerCase() === 'head') return;
  recordResponse(method, found.template, response.status, mediaType);
  // The reader checks the events of a stream: test/support/event-reader.ts.
  if (mediaType === 'text/event-stream') return;
  check(where, media.schema, /[/+]json$/.test(mediaType) ? JSON.parse(response.text) : response.text);
}

/** A page where the client asked for one and the contract allows it. */
function checkProblem(
  where: string,
  method: string,
  response: Response,
  described?: DescribedResponse,
): void {
  const { status, headers } = response;
  const mayBePage = described === undefined || described.content?.['text/html'] !== undefined;
  if (mayBePage && headers['content-type'] === 'text/html; charset=utf-8') {
    if (method.toLowerCase() !== 'head') check(where, reference('HtmlPage'), response.text);
    return;
  }
  if (!headers['content-type']?.startsWith('application/problem+json')) {
    throw new Error(`${where}: a problem came as ${headers['content-type']}.`);
  }
  const must = (condition: boolean, what: string): void => {
    if (!condition) throw new Error(`${where}: ${what}`);
  };
  must(status !== 401 || 'www-authenticate' in headers, 'a 401 has no WWW-Authenticate.');
  must(status !== 405 || 'allow' in headers, 'a 405 has no Allow.');
  if (method.toLowerCase() === 'head') return;
  const problem = JSON.parse(response.text) as { code: string; status: number; errors?: object };
  check(where, reference('ProblemDetails'), problem);
  must(problem.status === status, `the body says ${problem.status}.`);
  must(![429, 503].includes(status) || Number(headers['retry-after']) >= 1, 'there is no Retry-After.');
  must(status !== 422 || Object.keys(problem.errors ?? {}).length > 0, 'a 422 has no errors.');
}

/** The body itself is checked like any other. */
function checkOAuthError(where: string, { status, headers }: Response): void {
  if (status === 401 && headers['www-authenticate'] !== 'Basic realm="latchkey"') {
    throw new Error(`${where}: a 401 has no WWW-Authenticate.`);
  }
  if ([429, 503].includes(status) && !(Number(headers['retry-after']) >= 1)) {
    throw new Error(`${where}: there is no Retry-After.`);
  }
}

/** Throws if a value does not match a model of the contract. */
export function checkModel(name: string, value: unknown): void {
  check(name, reference(name), value);
}

function reference(model: string): object {
  return { $ref: `#/components/schemas/${model}` };
}

const validators = new Map<string, ValidateFunction>();

function check(where: string, schema: object, body: unknown): void {
  // Of the contract, which it refers to.
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"contract#/');
  let validate = validators.get(text);
  if (!validate) validators.set(text, (validate = ajv.compile(JSON.parse(text) as object)));
  if (!validate(body))
    throw new Error(`${where}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
}
