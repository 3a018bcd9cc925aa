import type { ForeignFactors } from './foreign-factors.js';

/** A user as another application knows it. Times are milliseconds since the Unix epoch. */
export interface ForeignUser {
  /** Unique within the source. */
  readonly id: string;
  readonly username: string;
  readonly email?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly displayName?: string | undefined;
  /** Of messages, as BCP 47 names it. */
  readonly language?: string | undefined;
  /** In one of `hashNotations`; undefined: the user has no password there. */
  readonly passwordHash?: string | undefined;
  /** When a one-time password expires; undefined for an ordinary one. */
  readonly oneTimeExpiresAt?: number | undefined;
  readonly factors?: ForeignFactors | undefined;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly createdAt?: number | undefined;
  readonly lastLoginAt?: number | undefined;
}

/** What a source has at one place: a user, or what is wrong there. */
export type SourceRecord = {
  /** Where it is, for the report: `line 3`, `auth_user 42`. */
  readonly place: string;
} & ({ readonly user: ForeignUser } | { readonly error: string; readonly username?: string | undefined });

/** Users of another application, in a fixed order, read once. */
export type UserSource = AsyncIterable<SourceRecord>;

/** What is wrong with a record. */
export class FieldError extends Error {
  constructor(
    message: string,
    /** Of the record's user, where it was read before. */
    readonly username?: string,
  ) {
    super(message);
  }
}

/** Reads what a record has beside its user's name, which a `FieldError` says then. */
export function readNamed<T>(username: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof FieldError ? new FieldError(error.message, username) : error;
  }
}

/** Values in the forms in which databases and files have them. What is wrong throws a `FieldError`. */
export const fields = {
  text(value: unknown, name: string): string | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    throw new FieldError(`${name} must be a text`);
  },

  flag(value: unknown, name: string): boolean | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'boolean') return value;
    const text = toText(value).toLowerCase();
    if (['1', 'true', 't', 'yes'].includes(text)) return true;
    if (['0', 'false', 'f', 'no'].includes(text)) return false;
    throw new FieldError(`${name} must be true or false`);
  },

  /** A text without a time zone is taken for UTC; a number for seconds, or for milliseconds where it is large. */
  time(value: unknown, name: string): number | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (value instanceof Date) return checkTime(value.getTime(), name);
    const number = typeof value === 'string' && !/^\d+(?:\.\d+)?$/.test(value) ? NaN : Number(value);
    if (number >= 0) return checkTime(Math.round(number < 1e11 ? number * 1000 : number), name);
    const text = toText(value).replace(' ', 'T');
    const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T') ? text : `${text}Z`);
    return checkTime(time, name);
  },

  /** An authenticator's counter of signatures (WebAuthn §6.1): 32 bits. */
  counter(value: unknown, name: string): number {
    const count = Number(value ?? 0);
    if (Number.isInteger(count) && count >= 0 && count < 2 ** 32) return count;
    throw new FieldError(`${name} must be a number of 32 bits`);
  },

  /** A list, or a text with commas, semicolons or spaces in between. */
  list(value: unknown, name: string): string[] {
    if (value === undefined || value === null || value === '') return [];
    const all = Array.isArray(value) ? (value as unknown[]) : toText(value).split(/[\s,;]+/);
    if (!all.every((each) => typeof each === 'string'))
      throw new FieldError(`${name} must be a list of texts`);
    return all.filter((each) => each !== '');
  },

  object(value: unknown, name: string): Readonly<Record<string, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new FieldError(`${name} must be an object`);
    return value as Readonly<Record<string, unknown>>;
  },

  /** An object that is written as JSON in a text. */
  json(value: unknown, name: string): Readonly<Record<string, unknown>> {
    const text = fields.text(value, name) ?? '{}';
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new FieldError(`${name} must be JSON`);
    }
    return fields.object(parsed, name);
  },
};

const firstTime = Date.parse('0001-01-01T00:00:00Z');
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

/** RFC 3339 has no others, in which responses give them. */
function checkTime(time: number, name: string): number {
  if (time >= firstTime && time <= lastTime) return time;
  throw new FieldError(`${name} must be a time, such as 2026-11-24T09:00:00Z`);
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

/** Reads one record; what a `FieldError` says becomes the record's error. */
export function toRecord(place: string, read: () => ForeignUser): SourceRecord {
  try {
    return { place, user: read() };
  } catch (error) {
    if (error instanceof FieldError) return { place, username: error.username, error: error.message };
    throw error;
  }
}
