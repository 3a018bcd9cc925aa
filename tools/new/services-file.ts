// The lines of src/services.ts that a new feature's service needs: it is the one place that makes a project's services.
import ts from 'typescript';

interface NewService {
  /** What controllers call it. */
  readonly member: string;
  readonly type: string;
  readonly from: string;
}

/** The file is not what it was when this was written. */
export class UnknownServicesFile extends Error {
  constructor(what: string) {
    super(`The lines for a new service have no place in src/services.ts: ${what}.`);
  }
}

/** Latchkey's own, which controllers get beside the project's: see src/server/public-services.ts. */
const latchkeyServices = ['accounts', 'database', 'clock', 'log', 'issuer'];

/** @returns the names that services have. */
export function membersOfServices(text: string): string[] {
  const { properties } = returnedBy(createServicesIn(parsed(text)));
  return [...latchkeyServices, ...properties.flatMap(({ name }) => (name ? [name.getText()] : []))];
}

/** @returns with the import and the making of the service, and with the clock that it is made with. */
export function withService(text: string, { member, type, from }: NewService): string {
  const source = parsed(text);
  const create = createServicesIn(source);
  const { parameters } = create;
  const [parameter] = parameters;
  const clock = parameter && ts.isIdentifier(parameter.name) ? `${parameter.name.text}.clock` : 'clock';
  const made = `${member}: new ${type}(${clock})`;
  const returned = returnedBy(create);
  const last = returned.properties.at(-1);
  const insertions: [at: number, text: string][] = [
    [source.statements.filter(ts.isImportDeclaration).at(-1)?.end ?? 0, importOf(type, from, !!parameter)],
    last ? [last.end, `,\n    ${made}`] : [returned.getStart(source) + 1, `\n    ${made},\n  `],
  ];
  if (!parameter) insertions.push([parameters.pos, '{ clock }: ProjectContext']);
  else if (ts.isObjectBindingPattern(parameter.name)) {
    const { elements } = parameter.name;
    if (!elements.some(({ name }) => name.getText() === 'clock')) {
      insertions.push([elements.end, elements.length > 0 ? ', clock' : ' clock ']);
    }
  }
  return insertions
    .sort(([a], [b]) => b - a)
    .reduce((result, [at, added]) => result.slice(0, at) + added + result.slice(at), text);
}

function importOf(type: string, from: string, hasContext: boolean): string {
  const service = `import { ${type} } from '${from}';`;
  return hasContext ? `\n${service}` : `import type { ProjectContext } from './latchkey.js';\n${service}\n\n`;
}

function parsed(text: string): ts.SourceFile {
  return ts.createSourceFile('services.ts', text, ts.ScriptTarget.Latest, true);
}

function createServicesIn(source: ts.SourceFile): ts.FunctionDeclaration {
  const found = source.statements
    .filter(ts.isFunctionDeclaration)
    .find(({ name }) => name?.text === 'createServices');
  if (!found) throw new UnknownServicesFile('it has no function createServices');
  return found;
}

function returnedBy({ body }: ts.FunctionDeclaration): ts.ObjectLiteralExpression {
  const returned = body?.statements.find(ts.isReturnStatement)?.expression;
  if (!returned || !ts.isObjectLiteralExpression(returned)) {
    throw new UnknownServicesFile('its createServices returns no object that is written out');
  }
  return returned;
}
