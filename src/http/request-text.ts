import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { maxFieldErrors, Problem } from '../problems/problem.js';

/**
 * Every text of a request is well-formed Unicode, without U+0000. Parsers put U+FFFD in the place of what is not UTF-8,
 * and a lone surrogate becomes one where a text is hashed or stored: two passwords, or two names, would be one. U+0000
 * no database of ours need hold, and PostgreSQL cannot.
 *
 * Most requests have no such text for certain, which a look at their bytes shows; the others are examined.
 */

/** How much of a field's place a refusal repeats, in UTF-16 units. */
const maxPathLength = 200;

/** Bodies that have to be examined, as they came. */
const suspicious = new WeakMap<IncomingMessage, Buffer>();

const messages = {
  surrogate: 'must be well-formed Unicode: it has half of a surrogate pair',
  encoding: 'must be UTF-8',
  nul: 'must not have the character U+0000',
} as const;

/** For body-parser's `verify`, of JSON: only an escape can give what the bytes do not show. */
export function verifyJsonText(
  request: IncomingMessage,
  _response: unknown,
  bytes: Buffer,
  charset: string,
): void {
  requireUtf8(charset);
  // RFC 8259 §8.1.
  if (!isUtf8(bytes)) throw Object.assign(new Error('The body is not UTF-8.'), { type: 'text.malformed' });
  if (bytes.includes('\\u')) suspicious.set(request, bytes);
}

/** The same of a form. */
export function verifyFormText(
  request: IncomingMessage,
  _response: unknown,
  bytes: Buffer,
  charset: string,
): void {
  requireUtf8(charset);
  if (bytes.includes('%') || bytes.includes(0) || !isUtf8(bytes)) suspicious.set(request, bytes);
}

/**
 * RFC 8259 §8.1: JSON that systems exchange is UTF-8. body-parser would read UTF-16 and UTF-7 as well, whose bytes show
 * nothing of the text.
 * @param charset what the body is to be read as. Only body-parser knows: there are many ways to write it.
 */
function requireUtf8(charset: string): void {
  if (charset !== 'utf-8')
    throw Object.assign(new Error('The body is not UTF-8.'), { type: 'charset.unsupported' });
}

/** Refuses a JSON body with 422. */
export const jsonTextMiddleware: RequestHandler = (request, _response, next) => {
  if (suspicious.has(request)) throwIfAny(findValueErrors(request.body));
  next();
};

/** Refuses a form with 422. */
export const formTextMiddleware: RequestHandler = (request, _response, next) => {
  const bytes = suspicious.get(request);
  if (bytes) throwIfAny(findPairErrors(bytes.toString('latin1')));
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
  throwIfAny([
    ...Object.entries(params).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && value.includes('\0') ? [[name, messages.nul]] : [],
    ),
    ...(query < 0 ? [] : findPairErrors(url.slice(query + 1))),
  ]);
}

function throwIfAny(faults: readonly (readonly [string, string])[]): void {
  if (faults.length === 0) return;
  throw new Problem('validation_failed', {
    errors: Object.fromEntries(faults.slice(0, maxFieldErrors)),
  });
}

/**
 * What is wrong with the pairs of a form or a query, by their names.
 * @param pairs a character for each byte.
 */
function findPairErrors(pairs: string): [string, string][] {
  const faults: [string, string][] = [];
  for (const pair of pairs.split('&')) {
    const fault = findByteError(decodeFormText(pair));
    if (fault !== undefined)
      faults.push([truncatePath(decodeFormText(pair.split('=', 1)[0] ?? '').toString()), fault]);
  }
  return faults;
}

/** The bytes of a form-urlencoded text; a percent sign that begins no escape stands for itself, as for parsers. */
function decodeFormText(text: string): Buffer {
  const bytes = text
    .replaceAll('+', ' ')
    .replaceAll(/%[0-9a-f]{2}/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));
  return Buffer.from(bytes, 'latin1');
}

function findByteError(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return messages.encoding;
  return bytes.includes(0) ? messages.nul : undefined;
}

/** What is wrong in a JSON value, by the place: `roles.0`. No recursion: JSON may be nested thousands deep. */
function findValueErrors(body: unknown): [string, string][] {
  const faults: [string, string][] = [];
  const waiting: (readonly [place: string, value: unknown])[] = [['', body]];
  for (let next = waiting.pop(); next && faults.length < maxFieldErrors; next = waiting.pop()) {
    const [place, value] = next;
    if (typeof value === 'string') {
      const fault = findTextError(value);
      if (fault !== undefined) faults.push([place, fault]);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const inner = truncatePath(place === '' ? name : `${place}.${name}`);
        const fault = findTextError(name);
        if (fault !== undefined) faults.push([inner, `has a name that ${fault}`]);
        waiting.push([inner, member]);
      }
    }
  }
  return faults;
}

/** What is wrong with a text; undefined: nothing is. */
export function findTextError(text: string): string | undefined {
  if (!text.isWellFormed()) return messages.surrogate;
  return text.includes('\0') ? messages.nul : undefined;
}

function truncatePath(place: string): string {
  return place.slice(0, maxPathLength).toWellFormed();
}
