// The lines of src/server/services.ts that a new feature's service needs: it is the one place that makes services.
import ts from 'typescript';

/** The file is not what it was when this was written. */
export class UnknownServicesFile extends Error {
  constructor(what) {
    super(`The lines for a new service have no place in src/server/services.ts: ${what}.`);
  }
}

/** @returns {string[]} the names that services have: `app.locals.services.<name>`. */
export function membersOfServices(text) {
  return interfaceIn(parsed(text)).members.map((member) => member.name.getText());
}

/**
 * @param {string} text
 * @param {{ member: string, type: string, from: string }} service
 * @returns {string} with the import, the member of `Services`, and its making, each after the last one of its kind.
 */
export function withService(text, { member, type, from }) {
  const source = parsed(text);
  const insertions = [
    [source.statements.filter(ts.isImportDeclaration).at(-1), `\nimport { ${type} } from '${from}';`],
    [interfaceIn(source).members.at(-1), `\n  readonly ${member}: ${type};`],
    [madeIn(source).properties.at(-1), `,\n    ${member}: new ${type}(clock)`],
  ];
  return insertions.reduceRight(
    (result, [node, line]) => result.slice(0, node.end) + line + result.slice(node.end),
    text,
  );
}

function parsed(text) {
  return ts.createSourceFile('services.ts', text, ts.ScriptTarget.Latest, true);
}

function interfaceIn(source) {
  const found = source.statements.find(
    (node) => ts.isInterfaceDeclaration(node) && node.name.text === 'Services',
  );
  if (!found) throw new UnknownServicesFile('it has no interface Services');
  return found;
}

/** What createServices returns. */
function madeIn(source) {
  const maker = source.statements.find(
    (node) => ts.isFunctionDeclaration(node) && node.name?.text === 'createServices',
  );
  const returned = maker?.body?.statements.find(ts.isReturnStatement)?.expression;
  if (!returned || !ts.isObjectLiteralExpression(returned)) {
    throw new UnknownServicesFile('its createServices returns no object that is written out');
  }
  return returned;
}
