import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { mostFieldErrors, Problem } from '../problems/problem.js';

/**
 * Every text of a request is well-formed Unicode, without U+0000. Parsers put U+FFFD in the place of what is not UTF-8,
 * and a lone surrogate becomes one where a text is hashed or stored: two passwords, or two names, would be one. U+0000
 * no database of ours need hold, and PostgreSQL cannot.
 *
 * Most requests have no such text for certain, which a look at their bytes shows; the others are examined.
 */

/** How much of a field's place a refusal repeats, in UTF-16 units. */
const maxPlace = 200;

/** Bodies that have to be examined, as they came. */
const suspicious = new WeakMap<IncomingMessage, Buffer>();

const wrong = {
  surrogate: 'must be well-formed Unicode: it has half of a surrogate pair',
  encoding: 'must be UTF-8',
  nul: 'must not have the character U+0000',
} as const;

/** For body-parser's `verify`, of JSON: only an escape can give what the bytes do not show. */
export function noteJsonText(
  request: IncomingMessage,
  _response: unknown,
  bytes: Buffer,
  charset: string,
): void {
  demandUtf8(charset);
  // RFC 8259 §8.1.
  if (!isUtf8(bytes)) throw Object.assign(new Error('The body is not UTF-8.'), { type: 'text.malformed' });
  if (bytes.includes('\\u')) suspicious.set(request, bytes);
}

/** The same of a form. */
export function noteFormText(
  request: IncomingMessage,
  _response: unknown,
  bytes: Buffer,
  charset: string,
): void {
  demandUtf8(charset);
  if (bytes.includes('%') || bytes.includes(0) || !isUtf8(bytes)) suspicious.set(request, bytes);
}

/**
 * RFC 8259 §8.1: JSON that systems exchange is UTF-8. body-parser would read UTF-16 and UTF-7 as well, whose bytes show
 * nothing of the text.
 * @param charset what the body is to be read as. Only body-parser knows: there are many ways to write it.
 */
function demandUtf8(charset: string): void {
  if (charset !== 'utf-8')
    throw Object.assign(new Error('The body is not UTF-8.'), { type: 'charset.unsupported' });
}

/** Refuses a JSON body with 422. */
export const checkJsonText: RequestHandler = (request, _response, next) => {
  if (suspicious.has(request)) refuse(faultsOfValue(request.body));
  next();
};

/** Refuses a form with 422. */
export const checkFormText: RequestHandler = (request, _response, next) => {
  const bytes = suspicious.get(request);
  if (bytes) refuse(faultsOfPairs(bytes.toString('latin1')));
  next();
};

/**
 * Refuses what is wrong in the path or the query with 422; a path that is not UTF-8 Express has refused before.
 * @throws {Problem}
 */
export function checkUrlText({ url, params }: Request): void {
  // Node has refused what is not ASCII.
  if (!url.includes('%')) return;
  const query = url.indexOf('?');
  refuse([
    ...Object.entries(params).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && value.includes('\0') ? [[name, wrong.nul]] : [],
    ),
    ...(query < 0 ? [] : faultsOfPairs(url.slice(query + 1))),
  ]);
}

function refuse(faults: readonly (readonly [string, string])[]): void {
  if (faults.length === 0) return;
  throw new Problem('validation_failed', {
    errors: Object.fromEntries(faults.slice(0, mostFieldErrors)),
  });
}

/**
 * What is wrong with the pairs of a form or a query, by their names.
 * @param pairs a character for each byte.
 */
function faultsOfPairs(pairs: string): [string, string][] {
  const faults: [string, string][] = [];
  for (const pair of pairs.split('&')) {
    const fault = faultOfBytes(decoded(pair));
    if (fault !== undefined) faults.push([shown(decoded(pair.split('=', 1)[0] ?? '').toString()), fault]);
  }
  return faults;
}

/** The bytes of a form-urlencoded text; a percent sign that begins no escape stands for itself, as for parsers. */
function decoded(text: string): Buffer {
  const bytes = text
    .replaceAll('+', ' ')
    .replaceAll(/%[0-9a-f]{2}/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));
  return Buffer.from(bytes, 'latin1');
}

function faultOfBytes(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return wrong.encoding;
  return bytes.includes(0) ? wrong.nul : undefined;
}

/** What is wrong in a JSON value, by the place: `roles.0`. No recursion: JSON may be nested thousands deep. */
function faultsOfValue(body: unknown): [string, string][] {
  const faults: [string, string][] = [];
  const waiting: (readonly [place: string, value: unknown])[] = [['', body]];
  for (let next = waiting.pop(); next && faults.length < mostFieldErrors; next = waiting.pop()) {
    const [place, value] = next;
    if (typeof value === 'string') {
      const fault = textFault(value);
      if (fault !== undefined) faults.push([place, fault]);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const inner = shown(place === '' ? name : `${place}.${name}`);
        const fault = textFault(name);
        if (fault !== undefined) faults.push([inner, `has a name that ${fault}`]);
        waiting.push([inner, member]);
      }
    }
  }
  return faults;
}

/** What is wrong with a text; undefined: nothing is. */
export function textFault(text: string): string | undefined {
  if (!text.isWellFormed()) return wrong.surrogate;
  return text.includes('\0') ? wrong.nul : undefined;
}

function shown(place: string): string {
  return place.slice(0, maxPlace).toWellFormed();
}
