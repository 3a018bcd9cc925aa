import { readFileSync } from 'node:fs';
import proxyaddr from 'proxy-addr';
import { maxPasswordLength, minPasswordLength } from '../passwords/password-policy.js';
import { importSigningKey } from '../keys/signing-keys.js';
import { maxUsernameLength } from '../usernames/username.js';

// What a setting's text means. Each parser throws an Error whose message goes on after the setting's name: "must …".

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds. */
export function duration(min: number, max: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+)([smhd]?)$/.exec(text);
    const value = match ? Number(match[1]) * (secondsPerUnit[match[2] ?? ''] ?? 1) : NaN;
    if (!(value >= min && value <= max)) {
      throw new Error(`must be a time from ${min} to ${max} seconds, such as 900, 15m, 12h or 30d`);
    }
    return value;
  };
}

/** How long a token lives, in seconds. None lives for ever: its revocation would have to be kept as long. */
export function lifetime(max: number): (text: string) => number {
  return (text) => {
    try {
      return duration(1, max)(text);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; tokens that never expire are not issued`, { cause });
    }
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return value;
  };
}

export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('must not be blank');
  return text;
}

/** As the contract has it in `CreateUserRequest`. */
export function username(text: string): string {
  if (text.length > maxUsernameLength || text.trim() !== text || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(
      `must have 1 to ${maxUsernameLength} characters, no control characters among them and no white space at either end`,
    );
  }
  return text;
}

/** The rest of what a password must be is judged when it is set. */
export function passwordLength(text: string): string {
  const length = Array.from(text.normalize('NFC')).length;
  if (length < minPasswordLength || length > maxPasswordLength) {
    throw new Error(`must have ${minPasswordLength} to ${maxPasswordLength} characters`);
  }
  return text;
}

export function longSecret(text: string): string {
  if (text.length < 32) throw new Error('must have 32 characters or more');
  return text;
}

export function privateKeyText(text: string): string {
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

export function issuerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#\s]/.test(text)) {
    throw new Error(
      'must be an http or https URL without query or fragment, such as https://login.example.com',
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

export function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** As the contract has it in `Audience`, and no more than an answer of an introspection has. */
export function audiences(text: string): string[] {
  const values = list(text);
  if (values.length > 10 || !values.every((value) => /^[!-~]{1,200}$/.test(value))) {
    throw new Error(
      'must be a comma-separated list of 10 audiences at most, each of 1 to 200 characters of printable ASCII without spaces',
    );
  }
  return values;
}

/** A list, or where a secret has a comma a JSON array. */
export function secrets(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return list(text);
  try {
    const values = JSON.parse(text) as unknown;
    if (Array.isArray(values) && values.every((each) => typeof each === 'string')) return values;
  } catch {
    // Said below.
  }
  throw new Error('must be a comma-separated list, or a JSON array of strings');
}

export function proxies(text: string): string[] {
  const values = list(text);
  try {
    // Read as an address, a number would be one that nobody has: 0.0.0.1.
    if (values.some((value) => /^\d+$/.test(value))) throw new Error('a number of hops');
    proxyaddr.compile(values);
  } catch {
    throw new Error(
      'must be a comma-separated list of addresses or CIDR ranges, such as 10.0.0.0/8, loopback',
    );
  }
  return values;
}

export function origins(text: string): string[] {
  const values = list(text);
  for (const value of values) {
    if (value === '*') continue;
    if (value.includes('*') || !URL.canParse(value) || new URL(value).origin !== value) {
      throw new Error('must be a comma-separated list of origins, such as https://app.example.com, or *');
    }
  }
  return values;
}

export function listOf<const T extends string>(...values: readonly T[]): (text: string) => T[] {
  return (text) => {
    const chosen = list(text);
    const known = values.filter((each) => chosen.includes(each));
    if (chosen.length === 0 || known.length !== new Set(chosen).size) {
      throw new Error(`must be a comma-separated list of ${values.join(', ')}`);
    }
    // In the order in which they were written.
    return known.sort((one, other) => chosen.indexOf(one) - chosen.indexOf(other));
  };
}

export function flag(text: string): boolean {
  const value = { true: true, '1': true, yes: true, false: false, '0': false, no: false }[text.toLowerCase()];
  if (value === undefined) throw new Error('must be true or false');
  return value;
}

/** A name of a header, a cookie or a parameter: a token of RFC 9110 §5.6.2. */
export function token(text: string): string {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text))
    throw new Error('must be a name without spaces or separators');
  return text;
}

export function cookiePath(text: string): string {
  if (!/^\/[\x20-\x3a\x3c-\x7e]*$/.test(text)) throw new Error('must be a path that begins with /');
  return text;
}

export function cookieDomain(text: string): string {
  if (!/^\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(text))
    throw new Error('must be a domain, such as example.com');
  return text;
}

export function httpMethods(text: string): string[] {
  const values = list(text);
  if (values.length === 0 || !values.every((each) => /^[A-Z]+$/.test(each))) {
    throw new Error('must be a comma-separated list of HTTP methods in capitals, such as POST, DELETE');
  }
  return values;
}
