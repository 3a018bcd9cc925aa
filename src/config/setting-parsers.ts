import { readFileSync } from 'node:fs';
import proxyaddr from 'proxy-addr';
import { maxPasswordLength, minPasswordLength } from '../passwords/password-length.js';
import { importSigningKey } from '../keys/signing-keys.js';
import { maxUsernameLength } from '../usernames/username.js';

// Parsers of the settings' texts. Each throws an Error whose message is put after the setting's name: "must …".

export function createWholeNumberParser(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A parser of durations; they are in seconds. */
export function createDurationParser(min: number, max: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+)([smhd]?)$/.exec(text);
    const value = match ? Number(match[1]) * (secondsPerUnit[match[2] ?? ''] ?? 1) : NaN;
    if (!(value >= min && value <= max)) {
      throw new Error(`must be a time from ${min} to ${max} seconds, such as 900, 15m, 12h or 30d`);
    }
    return value;
  };
}

/** A parser of tokens' lifetimes, in seconds. No token lives forever: its revocation would have to be kept forever. */
export function createLifetimeParser(max: number): (text: string) => number {
  return (text) => {
    try {
      return createDurationParser(1, max)(text);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; tokens that never expire are not issued`, { cause });
    }
  };
}

export function createChoiceParser<const T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return value;
  };
}

/** Milliseconds since the Unix epoch. */
export function parseMoment(text: string): number {
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time))
    throw new Error('must be a day or a time in UTC, such as 2027-01-31 or 2027-01-31T12:00Z');
  return time;
}

export function parseNonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('must not be blank');
  return text;
}

/** The same rules as the contract's in `CreateUserRequest`. */
export function parseUsername(text: string): string {
  if (text.length > maxUsernameLength || text.trim() !== text || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(
      `must have 1 to ${maxUsernameLength} characters, no control characters among them and no white space at either end`,
    );
  }
  return text;
}

/** Checks the length alone; the other rules are checked when the password is set. */
export function parsePassword(text: string): string {
  const length = Array.from(text.normalize('NFC')).length;
  if (length < minPasswordLength || length > maxPasswordLength) {
    throw new Error(`must have ${minPasswordLength} to ${maxPasswordLength} characters`);
  }
  return text;
}

export function parseLongSecret(text: string): string {
  if (text.length < 32) throw new Error('must have 32 characters or more');
  return text;
}

export function parsePrivateKey(text: string): string {
  const key = text.includes('-----BEGIN') || text.trimStart().startsWith('{') ? text : readKeyFile(text);
  try {
    importSigningKey(key, 'RS256');
  } catch (error) {
    throw new Error(`must be a key that can be used: ${(error as Error).message.replace(/\.$/, '')}`, {
      cause: error,
    });
  }
  return key;
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error('must be a private key in PEM or JWK form, or the path of a readable file with one', {
      cause,
    });
  }
}

export function parseIssuerUrl(text: string): string {
  // It is in tokens, links and logs. In https://user:1/2@host, the host is "user", so an @ is refused wherever it is.
  if (!URL.canParse(text) || !/^https?:\/\//i.test(text) || /[?#\s\\]|@|%40/i.test(text)) {
    throw new Error(
      'must be an http or https URL without user, password, @, query or fragment, such as https://login.example.com',
    );
  }
  // RFC 8414 §2 compares issuers as strings: one spelling, without the slash that a browser adds.
  return removeTrailingSlashes(text);
}

function removeTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}

export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Shorter words are in many passwords by chance. */
const minContextWord = 3;

export function parseContextWords(text: string): string[] {
  const values = parseList(text);
  if (values.length > 100 || !values.every((each) => Array.from(each).length >= minContextWord)) {
    throw new Error(
      `must be a comma-separated list of 100 words at most, each of ${minContextWord} characters or more`,
    );
  }
  return values;
}

/** The same rules as the contract's for `Audience` and for the number of audiences in an introspection response. */
export function parseAudiences(text: string): string[] {
  const values = parseList(text);
  if (values.length > 10 || !values.every((value) => /^[!-~]{1,200}$/.test(value))) {
    throw new Error(
      'must be a comma-separated list of 10 audiences at most, each of 1 to 200 characters of printable ASCII without spaces',
    );
  }
  return values;
}

/** A comma-separated list, or a JSON array for secrets that have a comma. */
export function parseSecrets(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return parseList(text);
  try {
    const values = JSON.parse(text) as unknown;
    if (Array.isArray(values) && values.every((each) => typeof each === 'string')) return values;
  } catch {
    // The error is thrown below.
  }
  throw new Error('must be a comma-separated list, or a JSON array of strings');
}

export function parseProxies(text: string): string[] {
  const values = parseList(text);
  try {
    // proxy-addr would read a number of hops as the address 0.0.0.1.
    if (values.some((value) => /^\d+$/.test(value))) throw new Error('a number of hops');
    proxyaddr.compile(values);
  } catch {
    throw new Error(
      'must be a comma-separated list of addresses or CIDR ranges, such as 10.0.0.0/8, loopback',
    );
  }
  return values;
}

export function parseOrigins(text: string): string[] {
  const values = parseList(text);
  for (const value of values) {
    if (value === '*') continue;
    if (value.includes('*') || !URL.canParse(value) || new URL(value).origin !== value) {
      throw new Error('must be a comma-separated list of origins, such as https://app.example.com, or *');
    }
  }
  return values;
}

export function createListParser<const T extends string>(...values: readonly T[]): (text: string) => T[] {
  return (text) => {
    const chosen = parseList(text);
    const known = values.filter((each) => chosen.includes(each));
    if (chosen.length === 0 || known.length !== new Set(chosen).size) {
      throw new Error(`must be a comma-separated list of ${values.join(', ')}`);
    }
    // In the order of the text.
    return known.sort((one, other) => chosen.indexOf(one) - chosen.indexOf(other));
  };
}

export function parseFlag(text: string): boolean {
  const value = { true: true, '1': true, yes: true, false: false, '0': false, no: false }[text.toLowerCase()];
  if (value === undefined) throw new Error('must be true or false');
  return value;
}

/** The name of a header, a cookie or a parameter: a token by RFC 9110 §5.6.2. */
export function parseToken(text: string): string {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text))
    throw new Error('must be a name without spaces or separators');
  return text;
}

/** As BCP 47 names languages. */
export function parseLanguageTag(text: string): string {
  if (!/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(text))
    throw new Error('must be the tag of a language, such as en or pt-BR');
  return text;
}

export function parseCookiePath(text: string): string {
  if (!/^\/[\x20-\x3a\x3c-\x7e]{0,1023}$/.test(text)) {
    // RFC 6265bis §5.6: browsers ignore a longer attribute.
    throw new Error('must be a path that begins with /, of 1024 characters at most');
  }
  return text;
}

export function parseCookieDomain(text: string): string {
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
  if (
    text.length > 253 ||
    !text
      .replace(/^\./, '')
      .split('.')
      .every((each) => label.test(each))
  )
    throw new Error('must be a domain, such as example.com');
  return text;
}

export function parseHttpMethods(text: string): string[] {
  const values = parseList(text);
  if (values.length === 0 || !values.every((each) => /^[A-Z]+$/.test(each))) {
    throw new Error('must be a comma-separated list of HTTP methods in capitals, such as POST, DELETE');
  }
  return values;
}
