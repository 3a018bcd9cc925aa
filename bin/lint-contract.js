// What linters have against the contract, beside what the build itself refuses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConfig, lint } from '@redocly/openapi-core';
import typescript from 'typescript';
import { exceptions } from './lint-exceptions.js';

// CommonJS packages, whose own resolution of one another ends in the files that they were tested with.
const require = createRequire(import.meta.url);
const { Document, Spectral } = require('@stoplight/spectral-core');
const { Json } = require('@stoplight/spectral-parsers');
const { oas } = require('@stoplight/spectral-rulesets');
const owasp = require('@stoplight/spectral-owasp-ruleset');

const root = fileURLToPath(new URL('..', import.meta.url));
const contract = {
  '3.0': join(root, 'generated/openapi.json'),
  3.1: join(root, 'dist/contract/openapi-3.1.json'),
};

/**
 * @param files the contract in OpenAPI 3.0 and 3.1, as JSON.
 * @returns every finding that no exception covers, and every exception that covers none: a line each.
 */
export async function lintContract(files = contract) {
  const found = [
    ...(await redocly(files['3.0'])),
    ...(await spectral(files['3.0'], oas, owasp)),
    ...in31(await redocly(files['3.1'])),
    ...in31(await spectral(files['3.1'], oas)),
    ...ownFindings(JSON.parse(readFileSync(files['3.0'], 'utf8'))),
  ];
  const used = new Set();
  const open = found.filter(({ rule, where }) => {
    const exception = exceptions.find(
      (each) => each.rule === rule && (!each.where || each.where.test(where)),
    );
    if (exception) used.add(exception);
    return !exception;
  });
  return [
    ...open.map(({ rule, where, message }) => `${where}: ${message} (${rule})`),
    ...exceptions
      .filter((exception) => !used.has(exception))
      .map(({ rule, where }) => `bin/lint-exceptions.js: ${rule} at ${where} finds nothing. Take it out.`),
  ];
}

function in31(findings) {
  return findings.map((finding) => ({ ...finding, where: `3.1:${finding.where}` }));
}

async function redocly(file) {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lint({ ref: file, config });
  return problems.map(({ ruleId, message, location }) => ({
    rule: ruleId,
    where: (location[0]?.pointer ?? '').replace(/^#/, '').replaceAll('~1', '/').replace('//', '/'),
    message,
  }));
}

async function spectral(file, ...rulesets) {
  const linter = new Spectral();
  linter.setRuleset({ extends: rulesets.map((ruleset) => [ruleset, 'recommended']), rules: {} });
  const problems = await linter.run(new Document(readFileSync(file, 'utf8'), Json, file));
  return problems.map(({ code, message, path }) => ({
    rule: code,
    where: `/${path.join('/')}`.replace('//', '/'),
    message,
  }));
}

/** Rules that are ours alone. */
function ownFindings({ components: { schemas }, paths }) {
  return [
    ...Object.entries(schemas).flatMap(([name, schema]) => inSchema(schema, `/components/schemas/${name}`)),
    ...Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        inOperation(operation, `/paths${path}/${method}`),
      ),
    ),
  ];
}

function inSchema(schema, where) {
  const stored = storedFields();
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const at = `${where}/properties/${name}`;
    const described = property.description || property.$ref;
    const inline = [property, property.items ?? {}].some((each) => each.properties);
    return [
      ...(described ? [] : [{ rule: 'described-property', where: at, message: 'Say what it is.' }]),
      ...(inline ? [{ rule: 'named-schema', where: at, message: 'Give its type a name.' }] : []),
      ...(stored.has(name)
        ? [
            {
              rule: 'stored-field',
              where: at,
              message: `A table has a column ${name}; it is not to be shown.`,
            },
          ]
        : []),
    ];
  });
}

function inOperation({ requestBody, responses, summary, description }, where) {
  const bodies = [requestBody, ...Object.values(responses)].flatMap((each) =>
    Object.values(each?.content ?? {}),
  );
  const findings = [];
  if (!summary || !description) findings.push('It needs a summary and a description.');
  for (const { schema, example, examples } of bodies) {
    if (!schema?.$ref) findings.push('A body has a schema without a name.');
    if (example === undefined && Object.keys(examples ?? {}).length === 0)
      findings.push('A body has no example.');
  }
  return findings.map((message) => ({ rule: 'complete-operation', where, message }));
}

/**
 * What tables have and answers must not: every column but those that are named here. A new column is secret until
 * somebody says otherwise.
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
  // Of other things that happen to have the name of a column.
  ...['client_id', 'title', 'detail', 'status', 'code', 'jti', 'password_change_required', 'session_id'],
]);

let columns;

function storedFields() {
  if (columns) return columns;
  const file = join(root, 'src/database/schema.ts');
  const source = typescript.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    typescript.ScriptTarget.Latest,
  );
  columns = new Set();
  source.forEachChild((node) => {
    // `Schema` names the tables.
    if (!typescript.isInterfaceDeclaration(node) || node.name.text === 'Schema') return;
    for (const member of node.members) {
      const name = member.name?.text;
      if (name && !shown.has(name)) columns.add(name);
    }
  });
  return columns;
}
