/** What an event happens to. */
export type TargetKind = 'user' | 'role' | 'client' | 'key' | 'secret' | 'database' | 'audit' | 'invitation';

export interface EventDefinition {
  /** Undefined: nothing in particular. */
  readonly target?: TargetKind;
  /** What happened, for the table in docs/audit.md. */
  readonly doc: string;
  /** What `details` says. */
  readonly details?: string;
}

const changed = 'each changed field: `{ "from": …, "to": … }`';

/** Every event of the audit. The table in docs/audit.md is generated from them. */
export const auditEvents = {
  login: {
    target: 'user',
    doc: 'A user logged in; the session is the one that began.',
    details: '`methods` (RFC 8176), unless it was a password alone',
  },
  login_failed: {
    target: 'user',
    doc: 'Logins with a wrong password or second factor, or with a name that no user has; counted.',
    details:
      '`reasons` with their counts; `network` of IPv6; `overflow` where it stands for several accounts',
  },
  login_refused: {
    target: 'user',
    doc: 'Logins that were refused although the password was right (disabled, one-time password used or expired), or before it was checked (too many attempts); counted.',
    details: 'as of `login_failed`',
  },
  logout: { target: 'user', doc: 'A session ended by its user, or by a client with its refresh token.' },
  refresh_token_reused: {
    target: 'user',
    doc: 'A refresh token was used that had been replaced, and its session ended: either the user or a thief has the newer one.',
  },
  session_ended: { target: 'user', doc: 'One session of a user was ended.' },
  sessions_ended: { target: 'user', doc: 'All sessions of a user, or all but the actor’s, were ended.' },
  session_displaced: {
    target: 'user',
    doc: 'A login above the limit of sessions ended the oldest one.',
  },
  all_sessions_ended: { doc: 'Every session was ended and every token revoked, as after a restore.' },
  token_revoked: { target: 'user', doc: 'One access token was revoked, and its session stays.' },
  permission_denied: {
    doc: 'Requests for which the actor lacks the permission; counted.',
    details: '`permissions` that were missing, ten at most; `network`, `overflow` as of `login_failed`',
  },
  client_authentication_failed: {
    target: 'client',
    doc: 'Wrong credentials of a client; counted.',
    details: 'as of `login_failed`',
  },
  user_created: {
    target: 'user',
    doc: 'A user was created.',
    details: '`roles`, `one_time_password`, `email`, `email_verified`',
  },
  user_imported: {
    target: 'user',
    doc: 'A user was imported from elsewhere.',
    details: '`source`, `foreign_id`, `roles`, `disabled`',
  },
  users_imported: {
    doc: 'An import ended.',
    details: '`source`, `imported`, `refused`, `skipped`, `revoked_tokens`',
  },
  users_exported: { doc: 'An export of all users with their hashes or second factors began.' },
  user_renamed: { target: 'user', doc: 'A user has another name.', details: 'both names' },
  email_changed: {
    target: 'user',
    doc: 'A user has another e-mail address, or it is verified now, or not any more.',
    details: '`email`, `email_verified`: what changed, with both values',
  },
  email_verification_sent: {
    target: 'user',
    doc: 'A user was sent the message that verifies the address of the account, by an administrator or an operator.',
  },
  email_change_requested: {
    target: 'user',
    doc: 'A user asked for another e-mail address, which counts once it is verified: `email_changed`.',
    details: '`email`: the new one',
  },
  account_secured: {
    target: 'user',
    doc: 'Somebody took an account back by the link of a message about it: sessions and tokens ended, and the password became useless.',
    details:
      '`by`: `not_me` or `email_undo`; `sent_at`: when the link was sent; `email`: both addresses, where it changed; `removed`: those of `totp`, `passkey`, `recovery_codes` that the message said were added, and that were still there',
  },
  profile_changed: {
    target: 'user',
    doc: 'A user has another display name, or another language of messages.',
    details: '`display_name`, `language`: what changed, with both values',
  },
  user_disabled: { target: 'user', doc: 'A user was disabled: sessions and tokens ended.' },
  user_enabled: { target: 'user', doc: 'A user was enabled again.' },
  roles_changed: { target: 'user', doc: 'A user has other roles.', details: 'both sets' },
  user_password_set: {
    target: 'user',
    doc: 'An administrator set a user’s password: sessions and tokens ended.',
    details: '`one_time_password`',
  },
  password_changed: { target: 'user', doc: 'A user changed their password.' },
  password_reset: { target: 'user', doc: 'A command gave a user a one-time password.' },
  second_factor_added: {
    target: 'user',
    doc: 'A user has set up a second factor.',
    details: '`kind`',
  },
  second_factor_removed: { target: 'user', doc: 'A second factor of a user was removed.', details: '`kind`' },
  recovery_code_used: {
    target: 'user',
    doc: 'A recovery code was in the place of a second factor, in the login that follows.',
  },
  recovery_codes_replaced: {
    target: 'user',
    doc: 'A user has new recovery codes, and the old ones stopped working.',
  },
  recovery_codes_removed: {
    target: 'user',
    doc: 'Recovery codes stopped working: the link of the message about them, or about the second factor that they came with, took the account back.',
    details: '`codes`: how many were left',
  },
  device_forgotten: {
    target: 'user',
    doc: 'A remembered device of a user is asked for a second factor again.',
  },
  message_given_up: {
    target: 'user',
    doc: 'A message was not sent: the mail server refused it for good, or did not take it before it expired.',
    details: '`message` (its id in the outbox), `template`, `attempts`, `reason`',
  },
  passkey_added: {
    target: 'user',
    doc: 'A user added a passkey.',
    details: '`passkey` (its id), `name`, `use`',
  },
  passkey_renamed: { target: 'user', doc: 'A passkey has another name.', details: '`passkey`, both names' },
  passkey_removed: {
    target: 'user',
    doc: 'A user removed a passkey, or an administrator one of a user; or the link of the message about it did.',
    details: '`passkey`, `name`',
  },
  passkey_counter_went_back: {
    target: 'user',
    doc: 'A login with a passkey was refused although its signature was right: its counter was not ahead of the last one, so there may be a copy of the passkey.',
    details: '`passkey`, `name`, both counters',
  },
  password_reset_requested: {
    target: 'user',
    doc: 'Somebody asked for a link to a new password. Without a target: for an address that no account has verified.',
    details: '`sent`: whether a message goes out',
  },
  login_link_requested: {
    target: 'user',
    doc: 'Somebody asked for a link to log in with. Without a target: for an address that no account has verified.',
    details: '`sent`: whether a message goes out',
  },
  password_recovered: {
    target: 'user',
    doc: 'A user chose a new password by a link: sessions and tokens ended.',
  },
  registration_requested: {
    target: 'user',
    doc: 'Somebody has registered with an address, and the account is made once that is verified. With a target: an account had the address already, and its owner is told.',
    details: '`sent`: whether a message goes out',
  },
  user_registered: {
    target: 'user',
    doc: 'Somebody has made an account by themselves; `user_created` is the account.',
    details: '`email_verified`: whether an address was verified by it',
  },
  user_invited: { target: 'invitation', doc: 'Somebody was invited by e-mail.', details: '`roles`' },
  invitation_withdrawn: { target: 'invitation', doc: 'An invitation was withdrawn.' },
  invitation_accepted: {
    target: 'invitation',
    doc: 'An invitation was accepted; `user_created` is the account.',
    details: '`invited_by`, unless the operator invited',
  },
  user_deleted: {
    target: 'user',
    doc: 'A user was deleted: by an administrator, or, where the actor is the user, by itself.',
    details: '`roles`',
  },
  own_data_exported: { target: 'user', doc: 'A user began an export of what is stored about the account.' },
  role_created: { target: 'role', doc: 'A role was created.', details: '`description`, `permissions`' },
  role_updated: { target: 'role', doc: 'A role was changed.', details: changed },
  role_deleted: { target: 'role', doc: 'A role was deleted.', details: '`description`, `permissions`' },
  client_created: { target: 'client', doc: 'A client was created.', details: 'its fields' },
  client_updated: { target: 'client', doc: 'A client was changed.', details: changed },
  client_disabled: { target: 'client', doc: 'A client was disabled, and its tokens revoked.' },
  client_enabled: { target: 'client', doc: 'A client was enabled again.' },
  client_secret_replaced: { target: 'client', doc: 'A client has a new secret.' },
  client_deleted: { target: 'client', doc: 'A client was deleted.', details: 'its fields' },
  key_created: {
    target: 'key',
    doc: 'A key was made: the first ones, one for another algorithm, or the successor of one that was revoked.',
    details: '`purpose`, `algorithm`, `signs_from`',
  },
  key_rotated: {
    target: 'key',
    doc: 'A new key was published, by a command or because the one before is old enough.',
    details: 'as of `key_created`',
  },
  key_imported: {
    target: 'key',
    doc: 'The operator’s own key was imported.',
    details: 'as of `key_created`',
  },
  key_revoked: {
    target: 'key',
    doc: 'A key was removed at once, before its time.',
    details: '`purpose`, `algorithm`',
  },
  secret_changed: { target: 'secret', doc: 'The keys were encrypted with another secret.' },
  database_restored: {
    target: 'database',
    doc: 'A backup was restored: what was written after it is missing.',
    details: 'which backup',
  },
  audit_expired: {
    target: 'audit',
    doc: 'Rows older than `LATCHKEY_AUDIT_RETENTION` are deleted.',
    details: '`through_sequence`, `through_day`',
  },
  audit_set_back: {
    target: 'audit',
    doc: 'The chain ended earlier than the service had signed it before: the database has lost commits, as where a server that was behind takes over, or somebody has set it back.',
    details: '`day`, `sequence` and `hash` of what was signed; `found`: the last row then',
  },
  audit_seal_unverified: {
    target: 'audit',
    doc: 'The chain goes on from a head whose signature no key on the ring verifies: its key was revoked (`key_revoked` says so), or somebody has written to the database.',
    details: '`day`, `sequence`, `key_id`, `reason`',
  },
  user_updated: {
    target: 'user',
    doc: 'Written by earlier versions, in the place of what says what changed.',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

export type AuditEvent = keyof typeof auditEvents;
