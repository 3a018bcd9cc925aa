// The lines of src/server/services.ts that a new feature's service needs: it is the one place that makes services.
import ts from 'typescript';

interface NewService {
  /** `app.locals.services.<member>`. */
  readonly member: string;
  readonly type: string;
  readonly from: string;
}

/** The file is not what it was when this was written. */
export class UnknownServicesFile extends Error {
  constructor(what: string) {
    super(`The lines for a new service have no place in src/server/services.ts: ${what}.`);
  }
}

/** @returns the names that services have: `app.locals.services.<name>`. */
export function membersOfServices(text: string): string[] {
  return interfaceIn(parsed(text)).members.flatMap(({ name }) => (name ? [name.getText()] : []));
}

/** @returns with the import, the member of `Services`, and its making, each after the last one of its kind. */
export function withService(text: string, { member, type, from }: NewService): string {
  const source = parsed(text);
  const insertions = [
    [source.statements.filter(ts.isImportDeclaration).at(-1), `\nimport { ${type} } from '${from}';`],
    [interfaceIn(source).members.at(-1), `\n  readonly ${member}: ${type};`],
    [returnedIn(source).properties.at(-1), `,\n    ${member}: new ${type}(clock)`],
  ] as const;
  return insertions.reduceRight((result, [node, line]) => {
    if (!node) throw new UnknownServicesFile('it has no imports or no services');
    return result.slice(0, node.end) + line + result.slice(node.end);
  }, text);
}

function parsed(text: string): ts.SourceFile {
  return ts.createSourceFile('services.ts', text, ts.ScriptTarget.Latest, true);
}

function interfaceIn(source: ts.SourceFile): ts.InterfaceDeclaration {
  const found = source.statements
    .filter(ts.isInterfaceDeclaration)
    .find(({ name }) => name.text === 'Services');
  if (!found) throw new UnknownServicesFile('it has no interface Services');
  return found;
}

/** What createServices returns. */
function returnedIn(source: ts.SourceFile): ts.ObjectLiteralExpression {
  const returned = source.statements
    .filter(ts.isFunctionDeclaration)
    .find(({ name }) => name?.text === 'createServices')
    ?.body?.statements.find(ts.isReturnStatement)?.expression;
  if (!returned || !ts.isObjectLiteralExpression(returned)) {
    throw new UnknownServicesFile('its createServices returns no object that is written out');
  }
  return returned;
}
