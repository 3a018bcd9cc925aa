import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { DataKeyRow } from '../database/schema.js';
import { createId } from '../ids.js';
import { dataKeysStore } from './data-keys.store.js';
import { KeySealing } from './key-sealing.js';
import { canOpenKeys, getSealingContext, KeyRingError, unseal } from './stored-keys.js';

/**
 * Encrypts what the service must be able to read again, with a key of its own that is encrypted with the secret. So another
 * secret means one row to encrypt again, and a process that still has the old one goes on reading what others write.
 */
export class DataKey {
  #opened: Promise<KeySealing> | undefined;

  constructor(
    private readonly database: Database,
    private readonly sealing: KeySealing,
    private readonly clock: Clock,
    private readonly purpose: DataKeyRow['purpose'],
  ) {}

  /** @param context what the text belongs to: elsewhere it cannot be decrypted. */
  async seal(plaintext: string, context: string): Promise<string> {
    return (await this.#open()).seal(plaintext, context);
  }

  /** @throws {UnsealError} if context or text differ from those of `seal`. */
  async unseal(sealed: string, context: string): Promise<string> {
    return (await this.#open()).unseal(sealed, context);
  }

  #open(): Promise<KeySealing> {
    this.#opened ??= this.#read().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #read(): Promise<KeySealing> {
    const row =
      (await dataKeysStore.find(this.database.queries, this.purpose)) ??
      (await this.database.withExclusiveLock((queries) => this.#findOrCreate(queries)));
    return new KeySealing(unseal(row, this.sealing));
  }

  async #findOrCreate(queries: Queries): Promise<DataKeyRow> {
    const found = await dataKeysStore.find(queries, this.purpose);
    if (found) return found;
    // The secret may have been rotated since this process read it: nobody could open what it encrypts with the old one.
    if (!(await canOpenKeys(queries, this.sealing))) {
      throw new KeyRingError('The secret was rotated. Restart this process with the new one.');
    }
    const id = createId(this.clock);
    const key = randomBytes(32).toString('base64url');
    const row = {
      id,
      purpose: this.purpose,
      sealed_key: this.sealing.seal(key, getSealingContext({ id, purpose: this.purpose })),
      created_at: this.clock.now(),
    };
    await dataKeysStore.insert(queries, row);
    return row;
  }
}
