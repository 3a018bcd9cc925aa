import type { Finding, ImportCounts } from './import-options.js';
import type { NewImportedUser } from './imported-users.store.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A user of the source, as a report names it. */
export interface Place {
  readonly place: string;
  readonly username?: string | undefined;
}

export interface ImportedUser extends NewImportedUser {
  readonly place: string;
  /** Who has the address that the user had there. */
  readonly addressHolder?: string | undefined;
}

/** Counts users, and says what is wrong with those who are not imported, or not with all that they had. */
export class ImportReport {
  readonly #counts: Mutable<ImportCounts> = {
    ...{ read: 0, imported: 0, skipped: 0, deleted: 0, refused: 0 },
    ...{ withoutPassword: 0, withoutAddress: 0, withFactors: 0, withoutRecoveryCodes: 0 },
    ...{ withoutFactors: 0, bcrypt: 0 },
  };
  /** What is wrong with roles → the first user who has them, and how many have. */
  readonly #ofRoles = new Map<string, Finding & { readonly users: number }>();

  constructor(private readonly onFinding: (finding: Finding) => void) {}

  get counts(): ImportCounts {
    return this.#counts;
  }

  add(count: 'read' | 'skipped' | 'deleted', users = 1): void {
    this.#counts[count] += users;
  }

  /** @returns nobody. */
  refuse({ place, username }: Place, message: string): [] {
    this.#counts.refused += 1;
    this.onFinding({ place, username, message });
    return [];
  }

  /** One role is that of thousands of users: it is reported once, by `end`. */
  noteRoleErrors({ place, username }: Place, messages: readonly string[]): void {
    for (const message of messages) {
      const { users = 0, ...first } = this.#ofRoles.get(message) ?? { place, username, message };
      this.#ofRoles.set(message, { ...first, users: users + 1 });
    }
  }

  /** A user whose roles are all that is wrong. @returns nobody. */
  refuseForRoles(): [] {
    this.#counts.refused += 1;
    return [];
  }

  addImported(imported: readonly ImportedUser[]): void {
    const counts = this.#counts;
    counts.imported += imported.length;
    for (const { user, origin, factors, place, addressHolder } of imported) {
      if (origin.email !== null && user.email === null) {
        const reason =
          addressHolder === undefined ? 'messages cannot be sent to it' : `${addressHolder} has it`;
        this.#noteWithoutAddress({ place, username: user.username }, origin.email, reason);
      }
      if (factors.bits !== 0) {
        counts.withFactors += 1;
        if (factors.recoveryCodeHashes.length === 0) counts.withoutRecoveryCodes += 1;
      }
      if (factors.isReduced) counts.withoutFactors += 1;
      if (user.password_hash === '') counts.withoutPassword += 1;
      else if (user.password_hash.startsWith('imported-hash/1/bcrypt/')) counts.bcrypt += 1;
    }
  }

  /** An imported user whose address was not verified, and who has none any more. */
  noteLostAddress({ email, ...user }: Place & { readonly email: string }, holder: string): void {
    this.#noteWithoutAddress(user, email, `${holder} has it`);
  }

  #noteWithoutAddress({ place, username }: Place, email: string, reason: string): void {
    this.#counts.withoutAddress += 1;
    const message = `is imported without the e-mail address ${JSON.stringify(email)}: ${reason}`;
    this.onFinding({ place, username, message, imported: true });
  }

  end(): void {
    for (const finding of this.#ofRoles.values()) this.onFinding(finding);
    this.#ofRoles.clear();
  }
}
