// What PostgreSQL's types take of SQLite's values, and how a value reads on both sides, so that a copy can be compared with
// its source. Nothing is rounded, cut or guessed: what does not fit exactly is refused.
import { sql, type RawBuilder } from 'kysely';
import { exceedsNumeric, findJsonbError, sortMembers } from './copy-json.js';

export type SourceValue = string | number | bigint | Uint8Array | null;

/** A column of the target, as `information_schema.columns` describes it. */
export interface TargetColumn {
  readonly data_type: string;
  readonly character_maximum_length: number | null;
  readonly numeric_precision: number | null;
  readonly numeric_scale: number | null;
}

/** How the values of a column are copied. */
export interface ColumnType {
  /** @throws {Unfit} */
  readonly toTarget: (value: Exclude<SourceValue, null>) => string | Buffer;
  /** The target's value as text; what differs in spelling alone is made equal by `normalize`. */
  readonly read: (column: RawBuilder<unknown>) => RawBuilder<string>;
  readonly normalize: (text: string) => string;
}

/** A value does not fit the target's type; the message completes "it …". */
export class Unfit extends Error {}

/** @returns undefined for a type that no value of SQLite is certain to be meant for. */
export function findColumnType(column: TargetColumn): ColumnType | undefined {
  const { data_type: type } = column;
  const range = integerRanges[type];
  if (range) return createIntegerType(range);
  switch (type) {
    case 'text':
    case 'character varying':
      return createTextType(column.character_maximum_length);
    case 'numeric':
      return createNumericType(column);
    default:
      return types[type];
  }
}

const asText = (column: RawBuilder<unknown>): RawBuilder<string> => sql<string>`${column}::text`;
const unchanged = (text: string): string => text;

const integerRanges: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n,
  integer: 2n ** 31n,
  bigint: 2n ** 63n,
};

function createIntegerType(limit: bigint): ColumnType {
  return {
    toTarget: (value) => {
      if (typeof value !== 'bigint') throw new Unfit('is not a whole number');
      if (value >= limit || value < -limit) throw new Unfit('is too large');
      return String(value);
    },
    read: asText,
    normalize: unchanged,
  };
}

function createTextType(maxLength: number | null): ColumnType {
  return {
    toTarget: (value) => {
      const text = requireText(value);
      if (text.includes('\0')) throw new Unfit('has the character U+0000, which PostgreSQL cannot store');
      if (maxLength !== null && Array.from(text).length > maxLength) throw new Unfit('is too long');
      return text;
    },
    read: asText,
    normalize: unchanged,
  };
}

function createNumericType({ numeric_precision: precision, numeric_scale: scale }: TargetColumn): ColumnType {
  return {
    toTarget: (value) => {
      const text = toDecimal(value);
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      if (scale !== null && fraction.length > scale) throw new Unfit('has more decimals');
      if (precision !== null && whole.replace(/^0+/, '').length > precision - (scale ?? 0))
        throw new Unfit('is too large');
      return text;
    },
    read: asText,
    normalize: normalizeDecimal,
  };
}

const types: Readonly<Record<string, ColumnType>> = {
  boolean: {
    toTarget: (value) => {
      if (value === 0n) return 'false';
      if (value === 1n) return 'true';
      throw new Unfit('is neither 0 nor 1');
    },
    read: asText,
    normalize: unchanged,
  },
  'double precision': {
    toTarget: (value) => String(requireNumber(value)),
    read: asText,
    normalize: (text) => String(Number(text)),
  },
  real: {
    toTarget: (value) => {
      const number = requireNumber(value);
      if (Math.fround(number) !== number) throw new Unfit('is more exact than the type real');
      return String(number);
    },
    read: asText,
    normalize: (text) => String(Math.fround(Number(text))),
  },
  uuid: {
    toTarget: (value) => {
      const text = requireText(value);
      if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw new Unfit('is not a UUID');
      return text.toLowerCase();
    },
    read: asText,
    normalize: unchanged,
  },
  json: {
    toTarget: (value) => {
      const text = requireText(value);
      parseJson(text);
      return text;
    },
    read: asText,
    normalize: unchanged,
  },
  jsonb: {
    toTarget: (value) => {
      const text = requireText(value);
      const error = findJsonbError(text, parseJson(text));
      if (error !== undefined) throw new Unfit(error);
      return text;
    },
    read: asText,
    // PostgreSQL keeps neither white space nor the order of members.
    normalize: (text) => JSON.stringify(sortMembers(JSON.parse(text))),
  },
  bytea: {
    toTarget: (value) => {
      if (!(value instanceof Uint8Array)) throw new Unfit('is not a BLOB');
      return Buffer.from(value);
    },
    read: (column) => sql<string>`encode(${column}, 'hex')`,
    normalize: unchanged,
  },
  date: {
    toTarget: (value) => {
      const text = requireText(value);
      if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw new Unfit('is not a date such as 2026-11-24');
      requireDay(text, text);
      return text;
    },
    read: (column) => sql<string>`to_char(${column}, 'YYYY-MM-DD')`,
    normalize: unchanged,
  },
  'timestamp with time zone': {
    toTarget: toMoment,
    read: (column) => sql<string>`to_char(${column} at time zone 'UTC', ${momentFormat})`,
    normalize: unchanged,
  },
  'timestamp without time zone': {
    toTarget: toMoment,
    read: (column) => sql<string>`to_char(${column}, ${momentFormat})`,
    normalize: unchanged,
  },
};

const momentFormat = sql.lit('YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

/** Of a time in UTC, as ISO 8601 has it or as SQLite's `current_timestamp`. */
function toMoment(value: Exclude<SourceValue, null>): string {
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)?$/.exec(
    requireText(value),
  );
  const [, day, time, fraction = ''] = found ?? [];
  if (day === undefined || time === undefined)
    throw new Unfit('is not a time in UTC such as 2026-11-24T09:00:00.000Z');
  requireDay(day, `${day}T${time}Z`);
  return `${day}T${time}.${fraction.padEnd(6, '0')}Z`;
}

/** JavaScript takes February 30 for March 2. */
function requireDay(day: string, text: string): void {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(day)) throw new Unfit('is no day');
}

function requireText(value: SourceValue): string {
  if (typeof value !== 'string') throw new Unfit('is not a text');
  return value;
}

function requireNumber(value: SourceValue): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'bigint') throw new Unfit('is not a number');
  const number = Number(value);
  if (BigInt(number) !== value) throw new Unfit('is too large to be exact');
  return number;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Unfit('is not JSON');
  }
}

/** Without an exponent and without zeros that say nothing. */
function toDecimal(value: SourceValue): string {
  if (typeof value === 'bigint') return String(value);
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/.test(text)) {
    throw new Unfit('is not a decimal number');
  }
  const [digits = '', exponent = '0'] = text.split('e');
  if (exceedsNumeric(text)) throw new Unfit('has more digits than PostgreSQL stores');
  return normalizeDecimal(shift(digits, Number(exponent)));
}

/** Moves the decimal point. */
function shift(digits: string, places: number): string {
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const all = whole + fraction;
  const point = whole.length + places;
  return point <= 0
    ? `${sign}0.${all.padStart(all.length - point, '0')}`
    : `${sign}${all.slice(0, point).padEnd(point, '0')}.${all.slice(point)}`;
}

function normalizeDecimal(text: string): string {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const [left, right] = [whole.replace(/^0+(?=\d)/, ''), trimZeros(fraction)];
  const number = right === '' ? left : `${left}.${right}`;
  return text.startsWith('-') && number !== '0' ? `-${number}` : number;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
