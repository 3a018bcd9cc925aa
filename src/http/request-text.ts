import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { maxFieldErrors, Problem } from '../problems/problem.js';
import { findUnstorableKind } from '../text/storable-text.js';

/**
 * Every text in a request must be well-formed Unicode without U+0000. Parsers replace invalid UTF-8 by U+FFFD, and hashing
 * or storing does the same to a lone surrogate: two passwords, or two names, would become equal. PostgreSQL cannot store
 * U+0000.
 *
 * The bytes of most requests prove that they have no such text. Only the others are parsed a second time, which buys speed.
 */

/** The maximum length of a field's path in an error, in UTF-16 units. */
const maxPathLength = 200;

/** A member of this name would change the prototype of what it is copied to. */
const prototypeName = '__proto__';

/** Raw bodies that have to be checked. */
const suspicious = new WeakMap<IncomingMessage, Buffer>();

const messages = {
  surrogate: 'must be well-formed Unicode: it has half of a surrogate pair',
  encoding: 'must be UTF-8',
  nul: 'must not have the character U+0000',
} as const;

/** For body-parser's `verify` of JSON: in valid UTF-8, only escapes can produce invalid text. */
export function verifyJsonText(
  request: IncomingMessage,
  _response: unknown,
  bytes: Buffer,
  charset: string,
): void {
  requireUtf8(charset);
  // RFC 8259 §8.1.
  if (!isUtf8(bytes)) throw Object.assign(new Error('The body is not UTF-8.'), { type: 'text.malformed' });
  if (bytes.includes('\\u') || bytes.includes(prototypeName)) suspicious.set(request, bytes);
}

/** For body-parser's `verify` of forms. */
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
 * RFC 8259 §8.1: JSON is UTF-8. body-parser would also read UTF-16 and UTF-7, whose bytes prove nothing about the text.
 * @param charset as body-parser has normalized it.
 */
function requireUtf8(charset: string): void {
  if (charset !== 'utf-8')
    throw Object.assign(new Error('The body is not UTF-8.'), { type: 'charset.unsupported' });
}

/** Responds with 422 to a JSON body with invalid text. */
export const jsonTextMiddleware: RequestHandler = (request, _response, next) => {
  if (suspicious.has(request)) throwIfAny(findValueErrors(request.body));
  next();
};

/** Responds with 422 to a form with invalid text. */
export const formTextMiddleware: RequestHandler = (request, _response, next) => {
  const bytes = suspicious.get(request);
  if (bytes) throwIfAny(findPairErrors(bytes.toString('latin1')));
  next();
};

/**
 * Checks path parameters and query. Express has already refused a path that is not UTF-8.
 * @throws {Problem} `validation_failed`.
 */
export function checkUrlText({ url, params }: Request): void {
  // Node has already refused non-ASCII bytes.
  if (!url.includes('%')) return;
  const query = url.indexOf('?');
  throwIfAny([
    ...Object.entries(params).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && value.includes('\0') ? [[name, messages.nul]] : [],
    ),
    ...(query < 0 ? [] : findPairErrors(url.slice(query + 1))),
  ]);
}

function throwIfAny(errors: readonly (readonly [string, string])[]): void {
  if (errors.length === 0) return;
  throw new Problem('validation_failed', {
    errors: Object.fromEntries(errors.slice(0, maxFieldErrors)),
  });
}

/**
 * Finds the invalid pairs of a form or a query, by their names.
 * @param pairs one character per byte (Latin-1).
 */
function findPairErrors(pairs: string): [string, string][] {
  const errors: [string, string][] = [];
  for (const pair of pairs.split('&')) {
    const error = findByteError(decodeFormText(pair));
    if (error !== undefined)
      errors.push([truncatePath(decodeFormText(pair.split('=', 1)[0] ?? '').toString()), error]);
  }
  return errors;
}

/** Like form parsers, it leaves a percent sign that starts no escape as it is. */
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

/** Finds invalid text in a JSON value, by path: `roles.0`. Not recursive: JSON may be nested thousands of levels deep. */
function findValueErrors(body: unknown): [string, string][] {
  const errors: [string, string][] = [];
  const waiting: (readonly [place: string, value: unknown])[] = [['', body]];
  for (let next = waiting.pop(); next && errors.length < maxFieldErrors; next = waiting.pop()) {
    const [place, value] = next;
    if (typeof value === 'string') {
      const error = findTextError(value);
      if (error !== undefined) errors.push([place, error]);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const inner = truncatePath(place === '' ? name : `${place}.${name}`);
        const error = findTextError(name);
        if (error !== undefined) errors.push([inner, `has a name that ${error}`]);
        if (name === prototypeName) errors.push([inner, 'is not a field of this request']);
        waiting.push([inner, member]);
      }
    }
  }
  return errors;
}

/** @returns undefined for a valid text. */
export function findTextError(text: string): string | undefined {
  const kind = findUnstorableKind(text);
  return kind && messages[kind];
}

function truncatePath(place: string): string {
  return place.slice(0, maxPathLength).toWellFormed();
}
