// The tags in comments that bound what a caller may send. A tag that tsoa does not know, or whose value it cannot read, is
// passed over in silence, and then nothing is bounded.
import { distance } from 'fastest-levenshtein';
import ts from 'typescript';
import type { Locate } from './decorators.ts';
import type { Draft } from './finding.ts';

export interface CommentTag {
  readonly at: string;
  readonly name: string;
  readonly text: string;
}

const numeric = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum'];
const typed = [
  'isInt',
  'isLong',
  'isFloat',
  'isDouble',
  'isString',
  'isBoolean',
  'isArray',
  'isDate',
  'isDateTime',
];
const known = [
  ...numeric,
  ...typed,
  'pattern',
  'format',
  'minDate',
  'maxDate',
  'uniqueItems',
  'default',
  'example',
];

/** What other tools call them. */
const others: Readonly<Record<string, string>> = {
  max: 'maximum',
  min: 'minimum',
  length: 'maxLength',
  regex: 'pattern',
  regexp: 'pattern',
  int: 'isInt',
  integer: 'isInt',
};

export function readCommentTags(node: ts.Node, at: Locate): CommentTag[] {
  return ts.getJSDocTags(node).flatMap((tag) => {
    const text = ts.getTextOfJSDocComment(tag.comment)?.trim() ?? '';
    // The parser reads the type and the name of what it takes for its own tag.
    const name = tag.tagName.text;
    return [{ at: at(tag), name, text }];
  });
}

/** @param subject `Ticket.title` */
export function findModelTagErrors(subject: string, tags: readonly CommentTag[]): Draft[] {
  return tags.flatMap((tag) => [...findMisspelled(subject, tag), ...findValueErrors(subject, tag, tag.text)]);
}

/**
 * A tag of a method is about the parameter that it names.
 * @param subject `GET /tickets`
 */
export function findOperationTagErrors(
  subject: string,
  tags: readonly CommentTag[],
  parameters: readonly string[],
): Draft[] {
  return tags.flatMap((tag) => {
    const { at, name, text } = tag;
    if (!numeric.includes(name) && !typed.includes(name) && name !== 'pattern') return [];
    const [parameter = '', ...value] = text.split(' ');
    if (parameters.includes(parameter)) return findValueErrors(subject, tag, value.join(' '));
    const [first] = parameters;
    if (first === undefined) return [];
    const example = `@${name} ${first}${typed.includes(name) ? '' : ' 100'}`;
    const what = `The "@${name}" of ${subject} does not say of which parameter, and has no effect. Write its name behind: "${example}".`;
    return [{ at, level: 'warning', what }];
  });
}

function findMisspelled(subject: string, { at, name }: CommentTag): Draft[] {
  if (known.includes(name)) return [];
  const meant =
    known.find((each) => each.toLowerCase() === name.toLowerCase()) ??
    (Object.hasOwn(others, name)
      ? others[name]
      : known.find((each) => name.length > 4 && distance(each, name) === 1));
  if (meant === undefined) return [];
  return [{ at, level: 'warning', what: `The "@${name}" of ${subject} has no effect. Write "@${meant}".` }];
}

function findValueErrors(subject: string, { at, name }: CommentTag, text: string): Draft[] {
  const [value = ''] = text.split(/\s/);
  if (numeric.includes(name) && (value === '' || Number.isNaN(Number(value))))
    return [
      {
        at,
        level: 'error',
        what: `The "@${name}" of ${subject} has no number. Write one behind: "@${name} 100".`,
      },
    ];
  if (name === 'pattern' && !isPattern(value))
    return [
      {
        at,
        level: 'error',
        what: `The "@pattern" of ${subject} is no regular expression: ${value}. It ends at the first space: write a space as \\u0020. What follows is the message of the error.`,
      },
    ];
  if (name === 'example' && !isJson(text))
    return [
      {
        at,
        level: 'warning',
        what: `The "@example" of ${subject} is no JSON, and is left out. Write names and strings in double quotes.`,
      },
    ];
  return [];
}

function isPattern(text: string): boolean {
  try {
    RegExp(text);
    return text !== '';
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
