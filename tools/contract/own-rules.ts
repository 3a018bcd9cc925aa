// Rules for the contract that no linter has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../bin/sources.js';

export interface LintFinding {
  readonly rule: string;
  /** A path in the document. */
  readonly where: string;
  readonly message: string;
}

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Body {
  readonly content?: Readonly<
    Record<string, { readonly schema?: Schema; readonly example?: unknown; readonly examples?: object }>
  >;
}

interface Operation {
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

export interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** @param hidesColumns whether a model must not have the columns of our tables */
export function findOwnFindings(
  { components: { schemas }, paths }: OpenApiDocument,
  hidesColumns: (model: string) => boolean,
): LintFinding[] {
  let stored: Set<string> | undefined;
  // What a client sends shows nothing of a table.
  const hidden = (model: string): ReadonlySet<string> =>
    hidesColumns(model) && !model.endsWith('Request') ? (stored ??= listStoredFields()) : new Set();
  return [
    ...Object.entries(schemas).flatMap(([name, schema]) => findSchemaFindings(name, schema, hidden(name))),
    ...Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        findOperationFindings(operation, `/paths${path}/${method}`),
      ),
    ),
  ];
}

function findSchemaFindings(
  model: string,
  { properties = {} }: Schema,
  stored: ReadonlySet<string>,
): LintFinding[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const at = `/components/schemas/${model}/properties/${name}`;
    const { description = '', $ref = '', items = {} } = property;
    const findings: LintFinding[] = [];
    if (description === '' && $ref === '')
      findings.push({ rule: 'described-property', where: at, message: 'Say what it is.' });
    if (property.properties ?? items.properties)
      findings.push({ rule: 'named-schema', where: at, message: 'Give its type a name.' });
    // openapi-python-client has one variable for both, and only those of simple types have no type of their own.
    const isSimple = property.items === undefined && $ref === '';
    if (!isSimple && name.replaceAll('_', '') === model.toLowerCase())
      findings.push({ rule: 'model-name', where: at, message: 'It has the name of its model.' });
    if (stored.has(name)) {
      const message = `A table has a column ${name}; it is not to be shown.`;
      findings.push({ rule: 'stored-field', where: at, message });
    }
    return findings;
  });
}

function findOperationFindings({ requestBody, responses }: Operation, where: string): LintFinding[] {
  const bodies = [requestBody, ...Object.values(responses)].flatMap((each) =>
    // The parts of a form with files are parameters of the method: it has no type, and a file no example.
    Object.entries(each?.content ?? {}).flatMap(([mediaType, body]) =>
      mediaType === 'multipart/form-data' ? [] : [body],
    ),
  );
  const messages: string[] = [];
  for (const { schema, example, examples = {} } of bodies) {
    if (schema?.$ref === undefined) messages.push('A body has a schema without a name.');
    if (example === undefined && Object.keys(examples).length === 0) messages.push('A body has no example.');
  }
  return messages.map((message) => ({ rule: 'complete-operation', where, message }));
}

/**
 * What tables have and responses must not: every column but those that are named here. A new column is secret until
 * it is named here.
 */
const shown = new Set([
  ...[
    'id',
    'username',
    'disabled',
    'created_at',
    'updated_at',
    'last_login_at',
    'last_used_at',
    'expires_at',
  ],
  ...[
    'name',
    'description',
    'permissions',
    'built_in',
    'kind',
    'version',
    'address',
    'user_agent',
    'client_name',
    'scope',
    'jwks',
    'kid',
  ],
  ...['token_endpoint_auth_method', 'audiences', 'introspection_audiences', 'access_token_lifetime'],
  ...['transports', 'aaguid', 'backed_up'],
  // How to reach a user.
  ...['email', 'email_verified', 'email_verified_at', 'display_name', 'language'],
  // What users read of themselves.
  ...['authenticated_at', 'second_factor_at', 'second_factors', 'amr', 'confirmed_at'],
  ...['device_id', 'source', 'imported_at', 'network', 'agent'],
  ...['template', 'state', 'done_at', 'actor_kind', 'target_kind'],
  // Of invitations.
  ...['roles', 'invited_by'],
  // What the audit says.
  ...['at', 'event', 'target', 'request_id', 'details', 'count', 'last_at', 'sequence', 'hash'],
  // Of other things that happen to have the name of a column.
  ...['client_id', 'title', 'detail', 'status', 'code', 'jti', 'password_change_required', 'session_id'],
  'signature',
]);

function listStoredFields(): Set<string> {
  const file = join(root, 'src/database/schema.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const columns = source.statements
    // `Schema` names the tables.
    .filter((node) => ts.isInterfaceDeclaration(node) && node.name.text !== 'Schema')
    .flatMap((node) => (ts.isInterfaceDeclaration(node) ? [...node.members] : []))
    .flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : []));
  return new Set(columns.filter((name) => !shown.has(name)));
}
