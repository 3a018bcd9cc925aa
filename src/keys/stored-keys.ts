import type { Queries } from '../database/database.js';
import { UnsealError, type KeySealing } from './key-sealing.js';
import { keysStore } from './keys.store.js';

/** A key that is encrypted, and what it is bound to. */
export interface SealedKey {
  readonly id: string;
  readonly purpose: string;
  readonly sealed_key: string;
}

/** The keys in the database cannot be used; the message is for the operator. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

/** Whether the keys in the database are encrypted with this secret. */
export async function canOpenKeys(queries: Queries, sealing: KeySealing): Promise<boolean> {
  try {
    for (const row of await keysStore.list(queries)) unseal(row, sealing);
    return true;
  } catch (error) {
    if (error instanceof KeyRingError) return false;
    throw error;
  }
}

/** @throws {KeyRingError} if the secret does not decrypt the key. */
export function unseal(row: SealedKey, sealing: KeySealing): string {
  try {
    return sealing.unseal(row.sealed_key, getSealingContext(row));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new KeyRingError(
      'LATCHKEY_SECRET does not open the keys in the database. Set the secret that they are encrypted with (on SQLite it may be in the .secret file beside the database), and restart what was started before it was rotated.',
      { cause },
    );
  }
}

/** What an encrypted key is bound to: its row. */
export function getSealingContext({ id, purpose }: Pick<SealedKey, 'id' | 'purpose'>): string {
  return `${purpose} ${id}`;
}
