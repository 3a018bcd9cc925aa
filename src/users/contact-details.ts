import { refuseField } from '../problems/problem.js';
import { parseEmailAddress, type EmailAddress } from '../text/email-address.js';
import { validateName } from '../text/freeform-text.js';
import type { ContactColumns, UserWithRoles } from './users.store.js';

/** How to reach a user, and what to call them. An empty text removes what is there. */
export interface ContactDetails {
  readonly email?: string | undefined;
  /** Whether the address is known to be the user's. Default: not, for a new address. */
  readonly emailVerified?: boolean | undefined;
  readonly displayName?: string | undefined;
  /** Of messages, as BCP 47 names it. */
  readonly language?: string | undefined;
}

type Before = Pick<UserWithRoles, 'email' | 'email_verified_at'>;

/**
 * The columns that change.
 * @param before the user; undefined: a new one.
 * @throws {Problem} `validation_failed`.
 */
export function toContactColumns(details: ContactDetails, now: number, before?: Before): ContactColumns {
  return {
    ...toAddressColumns(details, now, before),
    ...(details.displayName !== undefined && { display_name: readDisplayName(details.displayName) }),
    ...(details.language !== undefined && { language: details.language === '' ? null : details.language }),
  };
}

function toAddressColumns(
  { email, emailVerified }: ContactDetails,
  now: number,
  before: Before = { email: null, email_verified_at: null },
): ContactColumns {
  if (email === undefined || email === '') {
    const kept = email === '' ? null : before.email;
    if (emailVerified === true && kept === null)
      refuseField('email_verified', 'is only allowed with an address');
    if (email === '') return { email: null, email_key: null, email_verified_at: null };
    if (emailVerified === undefined) return {};
    return { email_verified_at: emailVerified ? (before.email_verified_at ?? now) : null };
  }
  const address = requireEmailAddress(email);
  const verifiedBefore = address.text === before.email ? before.email_verified_at : null;
  const isVerified = emailVerified ?? verifiedBefore !== null;
  return {
    email: address.text,
    email_key: address.key,
    email_verified_at: isVerified ? (verifiedBefore ?? now) : null,
  };
}

function readDisplayName(name: string): string | null {
  if (name === '') return null;
  const error = validateName(name);
  return error === undefined ? name : refuseField('display_name', error);
}

/** @throws {Problem} `validation_failed`. */
export function requireEmailAddress(given: string): EmailAddress {
  return (
    parseEmailAddress(given) ?? refuseField('email', 'must be an e-mail address, such as ada@example.com')
  );
}
