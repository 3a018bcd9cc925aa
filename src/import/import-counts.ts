import type { ImportCounts } from './import-options.js';
import type { NewImportedUser } from './imported-users.store.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function createCounts(): Mutable<ImportCounts> {
  return {
    ...{ read: 0, imported: 0, skipped: 0, deleted: 0, refused: 0 },
    ...{ withoutPassword: 0, withoutAddress: 0, withFactors: 0, withoutRecoveryCodes: 0 },
    ...{ withoutFactors: 0, bcrypt: 0 },
  };
}

export function countImported(counts: Mutable<ImportCounts>, imported: readonly NewImportedUser[]): void {
  counts.imported += imported.length;
  for (const { user, origin, factors } of imported) {
    if (origin.email !== null && user.email === null) counts.withoutAddress += 1;
    if (factors.bits !== 0) {
      counts.withFactors += 1;
      if (factors.recoveryCodeHashes.length === 0) counts.withoutRecoveryCodes += 1;
    }
    if (factors.isReduced) counts.withoutFactors += 1;
    if (user.password_hash === '') counts.withoutPassword += 1;
    else if (user.password_hash.startsWith('imported-hash/1/bcrypt/')) counts.bcrypt += 1;
  }
}
