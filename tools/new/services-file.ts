// The lines of src/services.ts that a new feature's service needs: it is the one place that makes a project's services.
import ts from 'typescript';

interface NewService {
  /** What controllers call it. */
  readonly member: string;
  readonly type: string;
  /** Of the feature, below `src`. */
  readonly folder: string;
  /** Where the types of Latchkey come from. */
  readonly latchkey: string;
  /** The class of its store; undefined: it has none. */
  readonly store?: string;
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
export function listServiceMembers(text: string): string[] {
  const { properties } = findReturned(createServicesIn(parsed(text)));
  return [...latchkeyServices, ...properties.flatMap(({ name }) => (name ? [name.getText()] : []))];
}

/** @returns with the imports and the making of the service, and with what it is made of. */
export function addService(text: string, { member, type, folder, latchkey, store }: NewService): string {
  const source = parsed(text);
  const create = createServicesIn(source);
  const { parameters } = create;
  const [parameter] = parameters;
  const needed = store === undefined ? ['clock'] : ['database', 'clock'];
  const context = parameter && ts.isIdentifier(parameter.name) ? `${parameter.name.text}.` : '';
  const stored = store === undefined ? '' : `new ${store}(${context}database), `;
  const made = `${member}: new ${type}(${stored}${context}clock)`;
  const returned = findReturned(create);
  const last = returned.properties.at(-1);
  const imports = [
    `import { ${type} } from './${folder}/${folder}.service.js';`,
    ...(store === undefined ? [] : [`import { ${store} } from './${folder}/${folder}.store.js';`]),
  ].join('\n');
  const insertions: [at: number, text: string][] = [
    [
      source.statements.filter(ts.isImportDeclaration).at(-1)?.end ?? 0,
      parameter ? `\n${imports}` : `import type { ProjectContext } from '${latchkey}';\n${imports}\n\n`,
    ],
    last ? [last.end, `,\n    ${made}`] : [returned.getStart(source) + 1, `\n    ${made},\n  `],
  ];
  if (!parameter) insertions.push([parameters.pos, `{ ${needed.join(', ')} }: ProjectContext`]);
  else if (ts.isObjectBindingPattern(parameter.name)) {
    const { elements } = parameter.name;
    const there = elements.map(({ name }) => name.getText());
    const missing = needed.filter((name) => !there.includes(name));
    if (missing.length > 0) {
      const list = missing.join(', ');
      insertions.push([elements.end, elements.length > 0 ? `, ${list}` : ` ${list} `]);
    }
  }
  return insertions
    .sort(([a], [b]) => b - a)
    .reduce((result, [at, added]) => result.slice(0, at) + added + result.slice(at), text);
}

/**
 * @returns without the lines that `addService` has added, each of which is one; what they are made of stays where another
 *   service may be made of it.
 */
export function removeService(text: string, { type, store }: Pick<NewService, 'type' | 'store'>): string {
  const names = [type, ...(store === undefined ? [] : [store])];
  const isTheirs = (line: string): boolean => names.some((name) => new RegExp(`\\b${name}\\b`).test(line));
  const rest = text
    .split('\n')
    .filter((line) => !isTheirs(line))
    .join('\n')
    .replace(/\{\s+\};/, '{};');
  if (findReturned(createServicesIn(parsed(rest))).properties.length > 0) return rest;
  return rest
    .replace(/^import type \{ ProjectContext \}.*\n\n?/m, '')
    .replace(/\{ [\w, ]+ \}: ProjectContext/, '');
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

function findReturned({ body }: ts.FunctionDeclaration): ts.ObjectLiteralExpression {
  const returned = body?.statements.find(ts.isReturnStatement)?.expression;
  if (!returned || !ts.isObjectLiteralExpression(returned)) {
    throw new UnknownServicesFile('its createServices returns no object that is written out');
  }
  return returned;
}
