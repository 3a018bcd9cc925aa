// What tsoa refuses, with its place in the sources and what to write in its stead.
import { relative, sep } from 'node:path';
import type { Sources } from './controllers.ts';
import { nameOf, toFindings, type Finding } from './finding.ts';

const queryTypes = 'A query has strings, numbers, booleans, dates, enums and lists of these';

/** By tsoa's messages; `$1` and so on are their groups. */
const explanations: readonly (readonly [message: RegExp, words: string])[] = [
  [
    /@Path\('(.+?)'\) Can't match in URL/,
    "has no {$1} in its path. Write it there, as in @Get('{$1}'), or name the one that is there: @Path('id').",
  ],
  [
    /@Path\('(.+?)'\) Can't support/,
    'has the parameter "$1" in its path, which is no string, number, boolean, date or enum. Give it one of these types.',
  ],
  [
    /@Query\('(.+?)'\) Can't support array/,
    `has a list of objects as "$1". ${queryTypes}. Give the items one of these types, or send them in a body.`,
  ],
  [
    /@Query\('(.+?)'\) Can't support '/,
    `has an object as "$1". ${queryTypes}. For several parameters in one, write @Queries() in place of @Query().`,
  ],
  [/@Queries\('(.+?)'\) (?:nested )?property '(.+?)'/, `has an object as "$2" in "$1". ${queryTypes}.`],
  [
    /@Queries\('(.+?)'\) only support/,
    'has a type for "$1" that is no interface. Write @Query() for a single parameter.',
  ],
  [
    /@Header\('(.+?)'\) Can't support/,
    'has the header "$1" with a type that a header cannot have. Give it string, number, boolean or an enum.',
  ],
  [
    /@Body\('(.+?)'\) Can't support in (\w+)/,
    'has a body, which $2 cannot have. Take "$1" from the query, with @Query(), or write @Post().',
  ],
  [
    /@Body or @BodyProp cannot be used with @FormField/,
    'has both a body and a form. Send all of it in the form: @FormField() for each text.',
  ],
  [/Only one body parameter allowed/, 'has two @Body(). Make one interface of both.'],
  [
    /NoSecurity decorator cannot be used in conjunction/,
    'has both @NoSecurity() and @Security(). Keep the one that is meant.',
  ],
  [/Only one (\w+) decorator/, 'has two @$1(). Keep one.'],
  [
    /@(\w+) should have a parameter name follows/,
    'has a "@$1" that does not say of which parameter. Write its name first: "@$1 limit 100".',
  ],
  [
    /^Orphan tag: @(\w+)/,
    'has a "@$1" that does not say of which parameter. Write its name first: "@$1 limit 100".',
  ],
  [
    /\b([a-zA-Z]{1,20}) parameter use number/,
    'has a "@$1" without a number. Write it behind: "@$1 limit 100" at a method, "@$1 100" at a property.',
  ],
  [/JSON format is incorrect/, 'has an "@example" that is no JSON. Write keys and strings in double quotes.'],
];

const elsewhere: readonly (readonly [message: RegExp, words: string])[] = [
  [
    /Unknown type: ([A-Z][a-z]+)/,
    'The contract cannot have this type ($1). Write an interface with properties of plain types in its place.',
  ],
  [/Only string indexers are supported/, 'A map has strings for keys. Write Record<string, …>.'],
  [/JSON format is incorrect/, 'An "@example" is no JSON. Write keys and strings in double quotes.'],
];

/** @param message tsoa's. @returns what it means, where it says where it is; undefined: its own words have to do. */
export function explainTsoaError(message: string, root: string, sources: Sources): Finding | undefined {
  const found = locate(message, root, sources);
  if (!found) return undefined;
  const [table, start] = found.name === undefined ? [elsewhere, ''] : [explanations, `${found.name} `];
  const own = explain(message, table);
  const [first = ''] = message.split('\n');
  const what =
    own === undefined ? `${start === '' ? '' : `${start}is refused: `}${first.trim()}` : start + own;
  return toFindings([{ at: found.at, what, level: 'error' }], false)[0];
}

function explain(message: string, table: typeof explanations): string | undefined {
  for (const [pattern, words] of table) {
    const match = pattern.exec(message);
    if (match) return words.replaceAll(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
  }
  return undefined;
}

/** tsoa names a method (`in 'TicketsController.listTickets'`), or a file with the lines of its start and its end. */
function locate(
  message: string,
  root: string,
  { controllers }: Sources,
): { readonly at: string; readonly name?: string } | undefined {
  const [, className, method] = /in '(\w+)\.(\w+)'/.exec(message) ?? [];
  const controller = controllers.find(({ name }) => name === className);
  const operation = controller?.operations.find(({ name }) => name === method);
  const [, file, line] = /^At: (.*?):(\d+):\d+\.$/m.exec(message) ?? [];
  if (file !== undefined && line !== undefined) {
    const at = `${relative(root, file).replaceAll(sep, '/')}:${line}`;
    return operation && explain(message, explanations) !== undefined
      ? { at, name: nameOf(operation) }
      : { at };
  }
  return operation && { at: operation.at, name: nameOf(operation) };
}
