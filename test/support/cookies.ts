import type { Response } from 'supertest';

/** A cookie as a response sets it. */
export interface SetCookie {
  readonly value: string;
  /** Attribute in lower case → its value; true for one without a value. */
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** Name → cookie. */
export function readCookies(response: Response): Record<string, SetCookie> {
  const lines = (response.headers['set-cookie'] ?? []) as unknown as readonly string[];
  return Object.fromEntries(
    lines.map((line) => {
      const [[name, value] = ['', ''], ...attributes] = line.split('; ').map(pair);
      const named = attributes.map(([key, text]) => [key.toLowerCase(), text === '' ? true : text]);
      const cookie: SetCookie = {
        value: decodeURIComponent(value),
        attributes: Object.fromEntries(named) as SetCookie['attributes'],
      };
      return [name, cookie];
    }),
  );
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The header with which a browser returns them. */
export function formatCookies(cookies: Readonly<Record<string, SetCookie>>): string {
  return Object.entries(cookies)
    .map(([name, { value }]) => `${name}=${value}`)
    .join('; ');
}
