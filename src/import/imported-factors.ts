import { getEpochSeconds, type Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { createId } from '../ids.js';
import { assertUsablePublicKey, WebAuthnError } from '../passkeys/webauthn.js';
import type { TotpSecrets } from '../second-factors/totp-secrets.js';
import { computeTotpStep } from '../second-factors/totp.js';
import { validateName } from '../text/freeform-text.js';
import { secondFactorBits } from '../users/second-factor-bits.js';
import type { ForeignFactors, ForeignPasskey } from './foreign-factors.js';
import { FieldError, type SourceRecord } from './foreign-user.js';
import { importedFactorsStore, type FactorRows, type PasskeyRow } from './imported-factors.store.js';

/** As an account can have. */
const maxPasskeys = 25;
const maxPasskeyNameLength = 100;
/** More than applications give out. */
const maxRecoveryCodes = 100;
/** WebAuthn §5.4.3 and §4: bytes. */
const maxUserHandleLength = 64;
const maxCredentialIdLength = 1023;

/** SHA-256 in base64url. */
const isCodeHash = /^[A-Za-z0-9_-]{43}$/;

/** The factors of a user who can be imported. */
export interface UsableFactors extends Pick<ForeignFactors, 'totpSecret'> {
  /** As in `users.second_factors`. */
  readonly bits: number;
  readonly recoveryCodeHashes: readonly string[];
  readonly passkeys: readonly ForeignPasskey[];
  /** Whether the user had one that is left out. */
  readonly isReduced: boolean;
}

/**
 * What is taken over of a user's factors.
 * @param keepsId whether the user has the same id here, which recovery codes and most passkeys are bound to.
 * @throws {FieldError} for factors that would be lost, unless that is wanted.
 */
export function chooseFactors(
  {
    totpSecret: givenSecret,
    recoveryCodeHashes: givenHashes = [],
    passkeys = [],
    unusable = [],
  }: ForeignFactors,
  { keepsId, ignore }: { readonly keepsId: boolean; readonly ignore: boolean },
): UsableFactors {
  const totpSecret = /^[A-Z2-7]+$/.test(givenSecret ?? '') ? givenSecret : undefined;
  const recoveryCodeHashes = givenHashes.filter((hash) => isCodeHash.test(hash));
  const isLost = ({ userHandle }: ForeignPasskey): boolean => userHandle === undefined && !keepsId;
  const all = [
    ...unusable,
    ...(givenSecret !== undefined && totpSecret === undefined
      ? ['an authenticator app whose secret is not base32']
      : []),
    ...(recoveryCodeHashes.length === givenHashes.length
      ? []
      : ['recovery codes that are not hashes of this service']),
    ...(passkeys.some(isLost) ? ['passkeys, which are bound to the id of the user: it must be a UUID'] : []),
    ...(passkeys.length > maxPasskeys ? [`${passkeys.length} passkeys: ${maxPasskeys} are taken`] : []),
    ...(new Set(passkeys.map(({ credentialId }) => credentialId)).size < passkeys.length
      ? ['the same passkey twice']
      : []),
    ...(recoveryCodeHashes.length > maxRecoveryCodes
      ? [`${recoveryCodeHashes.length} recovery codes: ${maxRecoveryCodes} are taken`]
      : []),
  ];
  const [first] = all;
  if (first !== undefined && !ignore) {
    throw new FieldError(
      `has ${all.join('; and ')}. Without it the password alone would be enough: --ignore-factors imports the user so`,
    );
  }
  const usable = passkeys.filter((passkey) => !isLost(passkey));
  const taken = [...new Map(usable.map((each) => [each.credentialId, each])).values()].slice(0, maxPasskeys);
  const bits =
    (totpSecret === undefined ? 0 : secondFactorBits.totp) |
    (taken.length === 0 ? 0 : secondFactorBits.passkey);
  return {
    ...{ totpSecret, bits, passkeys: taken, isReduced: first !== undefined },
    // They replace a factor, and are hashed with the id.
    recoveryCodeHashes:
      keepsId && bits !== 0 ? [...new Set(recoveryCodeHashes)].slice(0, maxRecoveryCodes) : [],
  };
}

/** The records, with what is wrong with the keys of passkeys among what cannot be taken over. */
export function checkPasskeys(records: readonly SourceRecord[]): Promise<SourceRecord[]> {
  return Promise.all(
    records.map(async (record) => {
      if (!('user' in record)) return record;
      const { passkeys = [], unusable = [] } = record.user.factors ?? {};
      if (passkeys.length === 0) return record;
      const checked = await Promise.all(passkeys.map(findError));
      const errors = checked.filter((error) => error !== undefined);
      const factors = {
        ...record.user.factors,
        passkeys: passkeys.filter((_, index) => checked[index] === undefined),
        unusable: [...unusable, ...errors],
      };
      return { ...record, user: { ...record.user, factors } };
    }),
  );
}

async function findError(passkey: ForeignPasskey): Promise<string | undefined> {
  const { name, publicKey } = passkey;
  if (name.length > maxPasskeyNameLength) return 'a passkey with a name that is too long';
  const error = validateName(name);
  if (error !== undefined) return `the passkey ${JSON.stringify(name)}, whose name ${error}`;
  const part = findWrongPart(passkey);
  if (part !== undefined)
    return `the passkey ${JSON.stringify(name)}, whose ${part} is not one of an authenticator`;
  try {
    await assertUsablePublicKey(Buffer.from(publicKey, 'base64url'));
    return undefined;
  } catch (error) {
    if (!(error instanceof WebAuthnError)) throw error;
    return `the passkey ${JSON.stringify(name)}, which cannot be used: ${error.message}`;
  }
}

/** What no authenticator has: a database would take it on one system and end the import on another. */
function findWrongPart({
  credentialId,
  publicKey,
  aaguid,
  transports,
  userHandle,
}: ForeignPasskey): string | undefined {
  const isEncoded = (text: string, maxBytes: number): boolean =>
    /^[A-Za-z0-9_-]*$/.test(text) && text.length <= Math.ceil((maxBytes * 4) / 3);
  if (credentialId === '' || !isEncoded(credentialId, maxCredentialIdLength)) return 'credential_id';
  // A decoder leaves out what is not of its alphabet.
  if (!isEncoded(publicKey, Infinity)) return 'public_key';
  if (!isEncoded(userHandle ?? '', maxUserHandleLength)) return 'user_handle';
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(aaguid)) return 'aaguid';
  return transports.every((each) => /^[a-z-]{1,32}$/i.test(each)) && transports.length <= 16
    ? undefined
    : 'list of transports';
}

/** Stores the factors of users who are inserted in the same transaction, with their secrets encrypted. */
export async function insertFactors(
  transaction: Queries,
  all: ReadonlyMap<string, UsableFactors>,
  { clock, secrets }: { readonly clock: Clock; readonly secrets: TotpSecrets },
): Promise<void> {
  const now = clock.now();
  const rows = new Map<string, FactorRows>();
  for (const [id, { totpSecret, recoveryCodeHashes, passkeys }] of all) {
    const totp =
      totpSecret === undefined
        ? undefined
        : {
            user_id: id,
            sealed_secret: await secrets.seal(transaction, id, totpSecret),
            // The current code may have been used in the other application.
            last_step: computeTotpStep(getEpochSeconds(clock)),
            created_at: now,
            confirmed_at: now,
          };
    rows.set(id, {
      totp,
      recoveryCodeHashes,
      passkeys: passkeys.map((passkey) => toRow(id, passkey, clock)),
    });
  }
  await importedFactorsStore.insert(transaction, rows, now);
}

function toRow(userId: string, passkey: ForeignPasskey, clock: Clock): PasskeyRow {
  const now = clock.now();
  return {
    id: createId(clock),
    user_id: userId,
    credential_id: passkey.credentialId,
    public_key: passkey.publicKey,
    name: passkey.name,
    transports: passkey.transports.join(' '),
    aaguid: passkey.aaguid,
    sign_count: passkey.signCount,
    passwordless: passkey.passwordless ? 1 : 0,
    backup_eligible: passkey.backupEligible === undefined ? -1 : passkey.backupEligible ? 1 : 0,
    backed_up: passkey.backedUp ? 1 : 0,
    created_at: Math.min(passkey.createdAt ?? now, now),
    last_used_at: passkey.lastUsedAt ?? null,
    user_handle: passkey.userHandle ?? null,
  };
}
