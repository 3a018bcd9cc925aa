import type { AuditEvent } from '../audit/audit-events.js';
import { describeChanges, type AuditDetails } from '../audit/audit.store.js';
import { parseScope } from '../roles/rights.js';
import type { UserWithRoles } from './users.store.js';

/** What the audit says of a new user. */
export function describeNewUser(user: UserWithRoles): AuditDetails {
  const { roles, password_one_time: oneTime, email } = user;
  return {
    roles: parseScope(roles),
    one_time_password: oneTime === 1,
    ...(email !== null && describeAddress(user)),
  };
}

function describeAddress({ email, email_verified_at: verifiedAt }: UserWithRoles) {
  return { email, email_verified: verifiedAt !== null };
}

/** An event of the audit for each thing that a change does. */
export function* describeUpdate(
  before: UserWithRoles,
  after: UserWithRoles,
  hasNewPassword: boolean,
): Generator<readonly [AuditEvent, AuditDetails?]> {
  if (before.username !== after.username)
    yield ['user_renamed', { username: { from: before.username, to: after.username } }];
  const address = describeChanges(describeAddress(before), describeAddress(after));
  if (Object.keys(address).length > 0) yield ['email_changed', address];
  const named = ({ display_name, language }: UserWithRoles) => ({ display_name, language });
  const profile = describeChanges(named(before), named(after));
  if (Object.keys(profile).length > 0) yield ['profile_changed', profile];
  const roles = describeChanges({ roles: parseScope(before.roles) }, { roles: parseScope(after.roles) });
  if ('roles' in roles) yield ['roles_changed', roles];
  if (hasNewPassword) yield ['user_password_set', { one_time_password: after.password_one_time === 1 }];
  if (before.disabled_at === null && after.disabled_at !== null) yield ['user_disabled'];
  if (before.disabled_at !== null && after.disabled_at === null) yield ['user_enabled'];
}
