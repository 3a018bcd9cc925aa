import { publicKeyAlgorithms } from './cose-key.js';
import { challengeLifetime } from './passkey-challenges.js';
import type { PasskeyLoginOptions } from './passkey-login.service.js';
import type {
  Passkey,
  PasskeyCreationOptions,
  PasskeyDescriptor,
  PasskeyRequestOptions,
} from './passkeys.models.js';
import type { NewPasskeyOptions } from './passkeys.service.js';
import type { StoredPasskey } from './passkeys.store.js';
import { toUserHandle } from './user-handle.js';

/** Milliseconds. */
const timeout = challengeLifetime * 1000;

export function toCreationOptions({
  challenge,
  relyingParty: { id },
  user,
  existing,
  use,
}: NewPasskeyOptions): PasskeyCreationOptions {
  const isForLogin = use === 'login';
  return {
    challenge,
    rp: { id, name: id },
    user: { id: toUserHandle(user.id), name: user.username, displayName: user.username },
    pubKeyCredParams: publicKeyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout,
    excludeCredentials: existing.map(toDescriptor),
    authenticatorSelection: {
      residentKey: isForLogin ? 'required' : 'discouraged',
      requireResidentKey: isForLogin,
      userVerification: isForLogin ? 'required' : 'discouraged',
    },
    attestation: 'none',
  };
}

export function toRequestOptions({
  challenge,
  relyingParty,
  allowed,
  userVerification,
}: PasskeyLoginOptions): PasskeyRequestOptions {
  return {
    challenge,
    rpId: relyingParty.id,
    timeout,
    allowCredentials: allowed.map(toDescriptor),
    userVerification: userVerification ? 'required' : 'discouraged',
  };
}

export function toPasskey(passkey: StoredPasskey): Passkey {
  return {
    id: passkey.id,
    name: passkey.name,
    use: passkey.passwordless === 1 ? 'login' : 'second_factor',
    synced: passkey.backup_eligible === 1,
    backed_up: passkey.backed_up === 1,
    transports: listTransports(passkey),
    aaguid: passkey.aaguid,
    created_at: new Date(passkey.created_at).toISOString(),
    ...(passkey.last_used_at !== null && { last_used_at: new Date(passkey.last_used_at).toISOString() }),
  };
}

function toDescriptor(passkey: StoredPasskey): PasskeyDescriptor {
  return { type: 'public-key', id: passkey.credential_id, transports: listTransports(passkey) };
}

function listTransports({ transports }: StoredPasskey): string[] {
  return transports === '' ? [] : transports.split(' ');
}
