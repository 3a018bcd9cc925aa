import { noAaguid, readTotpSecret, type ForeignFactors, type ForeignPasskey } from './foreign-factors.js';
import { fields, FieldError } from './foreign-user.js';

/** The factors in a record of NDJSON or CSV. @throws {FieldError} */
export function readExportedFactors(given: Readonly<Record<string, unknown>>): ForeignFactors {
  const kinds = fields.list(given['second_factors'], 'second_factors');
  const secret = fields.text(given['totp_secret'], 'totp_secret');
  const passkeys = readList(given['passkeys'], 'passkeys').map((each) => readPasskey(each));
  const hashes = fields.list(given['recovery_code_hashes'], 'recovery_code_hashes');
  if (!hashes.every((hash) => /^[A-Za-z0-9_-]{43}$/.test(hash))) {
    throw new FieldError('recovery_code_hashes must be hashes as "export users --with-factors" writes them');
  }
  const read = secret === undefined ? undefined : readTotpSecret(secret);
  const missing = [
    ...(kinds.includes('totp') && secret === undefined ? ['an authenticator app'] : []),
    ...(kinds.includes('passkey') && passkeys.length === 0 ? ['passkeys'] : []),
  ];
  return {
    ...(read && 'secret' in read && { totpSecret: read.secret }),
    recoveryCodeHashes: hashes,
    passkeys,
    unusable: [
      ...(read && 'error' in read ? [read.error] : []),
      ...missing.map((what) => `${what}, which the file does not have (export users --with-factors)`),
    ],
  };
}

function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null || value === '') return [];
  if (!Array.isArray(value)) throw new FieldError(`${name} must be a list of objects`);
  return value;
}

function readPasskey(value: unknown): ForeignPasskey {
  const given = fields.object(value, 'a passkey');
  const base64url = (name: string): string => {
    const text = fields.text(given[name], name) ?? '';
    if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new FieldError(`${name} of a passkey must be base64url`);
    return text;
  };
  return {
    credentialId: base64url('credential_id'),
    publicKey: base64url('public_key'),
    name: fields.text(given['name'], 'name') ?? 'Passkey',
    transports: fields.list(given['transports'], 'transports'),
    aaguid: fields.text(given['aaguid'], 'aaguid') ?? noAaguid,
    signCount: fields.counter(given['sign_count'], 'sign_count'),
    passwordless: fields.flag(given['passwordless'], 'passwordless') ?? false,
    backupEligible: fields.flag(given['backup_eligible'], 'backup_eligible'),
    backedUp: fields.flag(given['backed_up'], 'backed_up') ?? false,
    createdAt: fields.time(given['created_at'], 'created_at'),
    lastUsedAt: fields.time(given['last_used_at'], 'last_used_at'),
    userHandle:
      fields.text(given['user_handle'], 'user_handle') ?? (given['user_handle'] === '' ? '' : undefined),
  };
}
