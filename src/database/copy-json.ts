// What PostgreSQL's jsonb does not take of JSON, or would change.

import { findUnstorable } from '../text/storable-text.js';

/** Digits before and after the decimal point: the manual's table of numeric types. */
const maxWhole = 131_072;
const maxFraction = 16_383;

/** Strings, with the colon that makes a name of one, and numbers. */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param value what the text stands for. @returns why it cannot be copied exactly, to follow "it". */
export function findJsonbError(text: string, value: unknown): string | undefined {
  let names = 0;
  for (const [token, colon] of text.matchAll(tokens)) {
    if (colon !== undefined) names += 1;
    if (!token.startsWith('"') && exceedsNumeric(token))
      return 'has a number with more digits than PostgreSQL stores';
  }
  let members = 0;
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') {
      const error = findUnstorable(next);
      if (error !== undefined) return `${error}, which PostgreSQL cannot store`;
    } else if (Array.isArray(next)) {
      for (const item of next) waiting.push(item);
    } else if (typeof next === 'object' && next !== null) {
      for (const [name, member] of Object.entries(next)) {
        members += 1;
        waiting.push(name, member);
      }
    }
  }
  return names > members ? 'has a member twice, of which PostgreSQL would keep one' : undefined;
}

/** @param number as JSON writes it. */
export function exceedsNumeric(number: string): boolean {
  const [digits = '', exponent = '0'] = number.replace('-', '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  const shift = Number(exponent);
  return whole.length + shift > maxWhole || fraction.length - shift > maxFraction;
}

/** The same value for each order of members. */
export function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sortMembers(member)]),
  );
}
