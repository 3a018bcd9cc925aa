import type { TotpRow } from '../database/schema.js';
import type { DataSealing } from '../keys/data-sealing.js';
import type { Queries } from '../database/database.js';

/** Encrypts the secrets of authenticator apps, each for its user alone. */
export class TotpSecrets {
  constructor(private readonly sealing: DataSealing) {}

  seal(queries: Queries, userId: string, secret: string): Promise<string> {
    return this.sealing.seal(queries, secret, getContext(userId));
  }

  open(
    queries: Queries,
    { user_id: userId, sealed_secret: sealed }: Pick<TotpRow, 'user_id' | 'sealed_secret'>,
  ): Promise<string> {
    return this.sealing.unseal(queries, sealed, getContext(userId));
  }
}

function getContext(userId: string): string {
  return `totp ${userId}`;
}
