// The lines of src/migrations/index.ts that a new table needs: it lists a project's migrations by name.
import ts from 'typescript';

/** The file is not what it was when this was written. */
export class UnknownMigrationsFile extends Error {
  constructor() {
    super(
      'The line for a new migration has no place in src/migrations/index.ts: it has no object "migrations" that is written out.',
    );
  }
}

/** @param what such as `reports` @returns the next free name, such as `0002-reports`. */
export function nameNextMigration(text: string, what: string): string {
  const numbers = listNames(listMigrations(parse(text))).map((name) => Number.parseInt(name));
  const next = Math.max(0, ...numbers.filter((number) => !Number.isNaN(number))) + 1;
  return `${String(next).padStart(4, '0')}-${what}`;
}

/** @returns the name of the migration that was made for a feature; undefined: there is none. */
export function findMigration(text: string, what: string): string | undefined {
  return listNames(listMigrations(parse(text))).find((name) => new RegExp(`^\\d+-${what}$`).test(name));
}

/** @returns with the import of the migration and its name, last. */
export function addMigration(
  text: string,
  { name, member }: { readonly name: string; readonly member: string },
): string {
  const source = parse(text);
  const list = listMigrations(source);
  const last = list.properties.at(-1);
  const at = source.statements.filter(ts.isImportDeclaration).at(-1)?.end ?? 0;
  const entry = `'${name}': ${member}`;
  const [start, made] = last ? [last.end, `,\n  ${entry}`] : [list.getStart(source) + 1, `\n  ${entry},\n`];
  return `${text.slice(0, at)}\nimport * as ${member} from './${name}.js';${text.slice(at, start)}${made}${text.slice(start)}`;
}

/** @returns without both of its lines. */
export function removeMigration(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes(`'./${name}.js'`) && !line.trimStart().startsWith(`'${name}':`))
    .join('\n')
    .replace(/= \{\s+\};/, '= {};');
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, true);
}

function listMigrations(source: ts.SourceFile): ts.ObjectLiteralExpression {
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText() === 'migrations' && initializer && ts.isObjectLiteralExpression(initializer)) {
        return initializer;
      }
    }
  }
  throw new UnknownMigrationsFile();
}

function listNames({ properties }: ts.ObjectLiteralExpression): string[] {
  return properties.flatMap(({ name }) => (name && ts.isStringLiteral(name) ? [name.text] : []));
}
