import { createSecretKey, type KeyObject } from 'node:crypto';
import { asymmetricAlgorithms } from './algorithms.js';
import type { KeySealing } from './key-sealing.js';
import type { StoredKey } from './keys.store.js';
import { openSigningKey, validateStoredKey, type SigningKey } from './signing-keys.js';
import { KeyRingError, unseal } from './stored-keys.js';

/** Creates refresh tokens and verifies them. */
export interface RefreshKey {
  /** Always twelve characters: a refresh token has a field of that length for it. */
  readonly id: string;
  readonly secret: KeyObject;
}

/** The times of a key, in milliseconds since the Unix epoch. */
export interface KeyTimes {
  /** It signs from then until the next key becomes active. */
  readonly activeAt: number;
  /** Its tokens are accepted until then. */
  readonly retiredAt: number;
}

export type Scheduled<Key> = Key & KeyTimes;

/** The keys of the table, decrypted, by their ids. */
export interface OpenKeys {
  readonly signing: ReadonlyMap<string, Scheduled<SigningKey>>;
  readonly refresh: ReadonlyMap<string, Scheduled<RefreshKey>>;
  /** A sentence for each key that must be used neither to sign nor to verify. */
  readonly refused: readonly string[];
}

/**
 * Decrypts the keys of the table.
 * @param known keys that were decrypted before, and are not again.
 * @throws {KeyRingError} if the secret does not decrypt a key.
 */
export function openKeys(
  rows: readonly StoredKey[],
  sealing: KeySealing,
  known: Pick<OpenKeys, 'signing' | 'refresh'>,
): OpenKeys {
  const signing = new Map<string, Scheduled<SigningKey>>();
  const refresh = new Map<string, Scheduled<RefreshKey>>();
  const refused: string[] = [];
  for (const row of rows) {
    const error = validateStoredKey(row);
    if (error !== undefined) {
      refused.push(error);
      continue;
    }
    const { id } = row;
    const times = { activeAt: row.active_at, retiredAt: row.retired_at ?? Infinity };
    if (row.purpose === 'access')
      signing.set(id, { ...(known.signing.get(id) ?? openSigning(row, sealing)), id, ...times });
    else refresh.set(id, { ...(known.refresh.get(id) ?? openRefresh(row, sealing)), ...times });
  }
  return { signing, refresh, refused };
}

function openSigning(row: StoredKey, sealing: KeySealing): SigningKey {
  const algorithm = asymmetricAlgorithms.find((each) => each === row.algorithm);
  if (!algorithm) {
    throw new KeyRingError(
      `The key ${row.id} in the database is for ${row.algorithm}, which this version does not know.`,
    );
  }
  return openSigningKey(unseal(row, sealing), algorithm);
}

function openRefresh(row: StoredKey, sealing: KeySealing): RefreshKey {
  return { id: row.id, secret: createSecretKey(Buffer.from(unseal(row, sealing), 'base64url')) };
}
