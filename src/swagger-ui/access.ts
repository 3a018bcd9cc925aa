import { clientScheme } from './system.js';

/** The members of an operation in the contract that say who may call it. */
export interface Secured {
  /** Alternatives; without any, anyone may call it. */
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly 'x-required-permissions'?: readonly string[];
}

export interface Access {
  readonly kind: 'public' | 'optional' | 'required';
  /** For people. */
  readonly text: string;
}

export function describeAccess({
  security = [],
  'x-required-permissions': permissions = [],
}: Secured): Access {
  const schemes = security.flatMap((alternative) => Object.keys(alternative));
  if (schemes.length === 0) return { kind: 'public', text: 'Public: anyone may call this' };
  const credentials = schemes.includes(clientScheme) ? "a client's id and secret" : 'an access token';
  if (security.some((alternative) => Object.keys(alternative).length === 0)) {
    return { kind: 'optional', text: `Optional: ${credentials}` };
  }
  const demanded = permissions.length > 0 ? ` that permits ${permissions.join(' and ')}` : '';
  return { kind: 'required', text: `Needs ${credentials}${demanded}` };
}
