import { getEpochSeconds, type Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { createId } from '../ids.js';
import { assertUsablePublicKey, WebAuthnError } from '../passkeys/webauthn.js';
import type { TotpSecrets } from '../second-factors/totp-secrets.js';
import { computeTotpStep } from '../second-factors/totp.js';
import { secondFactorBits } from '../users/second-factor-bits.js';
import type { ForeignFactors, ForeignPasskey } from './foreign-factors.js';
import { FieldError, type SourceRecord } from './foreign-user.js';
import { importedFactorsStore, type FactorRows, type PasskeyRow } from './imported-factors.store.js';

/** As an account can have. */
const maxPasskeys = 25;
const maxPasskeyNameLength = 100;

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
  { totpSecret, recoveryCodeHashes = [], passkeys = [], unusable = [] }: ForeignFactors,
  { keepsId, ignore }: { readonly keepsId: boolean; readonly ignore: boolean },
): UsableFactors {
  const isLost = ({ userHandle }: ForeignPasskey): boolean => userHandle === undefined && !keepsId;
  const all = [
    ...unusable,
    ...(passkeys.some(isLost) ? ['passkeys, which are bound to the id of the user: it must be a UUID'] : []),
    ...(passkeys.length > maxPasskeys ? [`${passkeys.length} passkeys: ${maxPasskeys} are taken`] : []),
  ];
  const [first] = all;
  if (first !== undefined && !ignore) {
    throw new FieldError(
      `has ${all.join('; and ')}. Without it the password alone would be enough: --ignore-factors imports the user so`,
    );
  }
  const taken = passkeys.filter((passkey) => !isLost(passkey)).slice(0, maxPasskeys);
  const bits =
    (totpSecret === undefined ? 0 : secondFactorBits.totp) |
    (taken.length === 0 ? 0 : secondFactorBits.passkey);
  return {
    ...{ totpSecret, bits, passkeys: taken, isReduced: first !== undefined },
    // They are in the place of a factor, and are hashed with the id.
    recoveryCodeHashes: keepsId && bits !== 0 ? recoveryCodeHashes : [],
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

async function findError({ name, publicKey }: ForeignPasskey): Promise<string | undefined> {
  if (name.length > maxPasskeyNameLength) return 'a passkey with a name that is too long';
  try {
    await assertUsablePublicKey(Buffer.from(publicKey, 'base64url'));
    return undefined;
  } catch (error) {
    if (!(error instanceof WebAuthnError)) throw error;
    return `the passkey ${JSON.stringify(name)}, which cannot be used: ${error.message}`;
  }
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
            // A code of now may have been used in the other application.
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
