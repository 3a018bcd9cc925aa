// What `npm run new` calls the parts of a feature, and which names will not do.
import { runInNewContext } from 'node:vm';
import ts from 'typescript';

const maxLength = 40;
const wanted = /^[a-z]{2,}(-[a-z]+)*$/;

const irregular = new Map(
  Object.entries({
    ...{ people: 'person', children: 'child', movies: 'movie', cookies: 'cookie', caches: 'cache' },
    ...{ news: 'news', series: 'series', analyses: 'analysis', indices: 'index' },
  }),
);

/** Names that mean something already where a model is declared: JavaScript's, TypeScript's and tsoa's. */
const taken = new Set([
  ...(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]),
  ...['Awaited', 'Exclude', 'Extract', 'Omit', 'Partial', 'Pick', 'Readonly', 'Record', 'Required'],
  ...['Buffer', 'Readable'],
]);

export type Names = ReturnType<typeof deriveNames>;

/**
 * The forms of a name, each under the form that it is written in: `{{AuditLogs}}` in a template becomes `Reports`.
 * @param plural such as `reports`
 * @param singular such as `report`
 */
export function deriveNames(plural: string, singular: string) {
  const words = (name: string): string => name.replaceAll('-', ' ');
  const camel = (name: string): string =>
    name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const upper = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return {
    'audit-logs': plural,
    'audit logs': words(plural),
    'Audit logs': upper(words(plural)),
    auditLogs: camel(plural),
    AuditLogs: upper(camel(plural)),
    'audit log': words(singular),
    AuditLog: upper(camel(singular)),
  };
}

/** What one of them is called: the same word where it does not end like a plural. Others can be said. */
export function deriveSingular(plural: string): string {
  const [last = ''] = plural.split('-').slice(-1);
  return plural.slice(0, plural.length - last.length) + deriveSingularOfWord(last);
}

function deriveSingularOfWord(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (/(ss|us|is)$/.test(word)) return word;
  if (/[^aeiou]ies$/.test(word)) return word.replace(/ies$/, 'y');
  if (/(ss|sh|ch|x|[^aeo]us)es$/.test(word)) return word.replace(/es$/, '');
  return word.replace(/s$/, '');
}

/** @returns why these names will not do, whatever else there is. */
export function findNameErrors(
  plural: string,
  singular: string,
  usedByTemplates: ReadonlySet<string>,
): string[] {
  const misspelt = [plural, singular].find((name) => !wanted.test(name));
  if (misspelt !== undefined) return [describeMisspelling(misspelt)];
  const { auditLogs, AuditLogs, AuditLog } = deriveNames(plural, singular);
  const errors = [plural, singular]
    .filter((name) => name.length > maxLength)
    .map((name) => `"${name}" has more than ${maxLength} letters. Choose another name.`);
  if (isKeyword(auditLogs)) errors.push(`"${auditLogs}" is a word of TypeScript. Choose another name.`);
  for (const model of [AuditLog, `${AuditLog}List`, `${AuditLogs}Controller`, `${AuditLogs}Service`]) {
    if (taken.has(model) || usedByTemplates.has(model)) {
      errors.push(
        `A type would be called ${model}, and that is another one. Say what one of them is called, in other words: npm run new -- ${plural} <word>`,
      );
    }
  }
  return errors;
}

function describeMisspelling(name: string): string {
  const better = name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const advice = wanted.test(better) && !/\d/.test(name) ? ` Did you mean "${better}"?` : '';
  return `"${name}" is no name: write lower-case letters, and a hyphen between words, such as "audit-logs".${advice}`;
}

function isKeyword(word: string): boolean {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, word);
  return scanner.scan() !== ts.SyntaxKind.Identifier;
}
