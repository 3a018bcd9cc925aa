import type { TotpRow } from '../database/schema.js';
import type { DataKey } from '../keys/data-key.js';

/** Encrypts the secrets of authenticator apps, each for its user alone. */
export class TotpSecrets {
  constructor(private readonly key: Pick<DataKey, 'seal' | 'unseal'>) {}

  seal(userId: string, secret: string): Promise<string> {
    return this.key.seal(secret, getContext(userId));
  }

  open({
    user_id: userId,
    sealed_secret: sealed,
  }: Pick<TotpRow, 'user_id' | 'sealed_secret'>): Promise<string> {
    return this.key.unseal(sealed, getContext(userId));
  }
}

function getContext(userId: string): string {
  return `totp ${userId}`;
}
