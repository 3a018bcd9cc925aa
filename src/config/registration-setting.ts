import { domainToASCII } from 'node:url';
import { parseList } from './setting-parsers.js';

/** `LATCHKEY_REGISTRATION`, parsed. */
export interface RegistrationSetting {
  readonly mode: 'off' | 'open' | 'invitation' | 'domains';
  /** In lower case and ASCII; where the mode is `domains`. */
  readonly domains: readonly string[];
}

const prefix = 'domains:';
const domainPattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/;

export function parseRegistration(text: string): RegistrationSetting {
  if (text === 'off' || text === 'open' || text === 'invitation') return { mode: text, domains: [] };
  const domains = text.startsWith(prefix)
    ? text
        .slice(prefix.length)
        .split(',')
        .map((each) => domainToASCII(each.trim()).toLowerCase())
    : [];
  if (domains.length === 0 || !domains.every((each) => domainPattern.test(each))) {
    throw new Error(
      'must be off, open, invitation, or domains: and domains with commas between them, such as domains:example.com,example.org',
    );
  }
  return { mode: 'domains', domains };
}

/** As in `PUT /roles/{name}`. */
const roleNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export function parseRoleNames(text: string): string[] {
  const names = parseList(text);
  if (!names.every((each) => roleNamePattern.test(each)))
    throw new Error('must be names of roles with commas between them, such as member,reader');
  return names;
}
