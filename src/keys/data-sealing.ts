import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import type { DataKeyRow } from '../database/schema.js';
import { dataKeysStore, type DataKeyPurpose } from './data-keys.store.js';
import { KeySealing } from './key-sealing.js';
import { getSealingContext, unseal } from './stored-keys.js';

/**
 * Encrypts data in the database with a key that the secret encrypts: where the secret is replaced, that one row is encrypted
 * again, and not the data.
 */
export class DataSealing {
  /** The id of a key → what encrypts with it. */
  readonly #opened = new Map<string, KeySealing>();

  constructor(
    private readonly sealing: KeySealing,
    private readonly clock: Clock,
    private readonly purpose: DataKeyPurpose,
  ) {}

  /** Makes the key where there is none. */
  async prepare(queries: Queries): Promise<void> {
    await this.#find(queries);
  }

  /** @param context the row that the text belongs to: in another row it cannot be decrypted. */
  async seal(queries: Queries, plaintext: string, context: string): Promise<string> {
    return (await this.#find(queries)).seal(plaintext, context);
  }

  /** @throws {UnsealError} if key, context or text differ from those of `seal`. */
  async unseal(queries: Queries, sealed: string, context: string): Promise<string> {
    return (await this.#find(queries)).unseal(sealed, context);
  }

  /** Read each time: a key that was made in a transaction is gone if that is rolled back. */
  async #find(queries: Queries): Promise<KeySealing> {
    const row = (await dataKeysStore.find(queries, this.purpose)) ?? (await this.#create(queries));
    let opened = this.#opened.get(row.id);
    if (!opened) {
      opened = new KeySealing(unseal(row, this.sealing));
      this.#opened.set(row.id, opened);
    }
    return opened;
  }

  async #create(queries: Queries): Promise<DataKeyRow> {
    const { purpose } = this;
    const id = randomUUID();
    const key = randomBytes(32).toString('base64url');
    await dataKeysStore.insert(queries, {
      purpose,
      id,
      sealed_key: this.sealing.seal(key, getSealingContext({ id, purpose })),
      created_at: this.clock.now(),
    });
    const row = await dataKeysStore.find(queries, purpose);
    // Another transaction may have made it meanwhile.
    if (!row) throw new Error(`The key that encrypts ${purpose} cannot be made.`);
    return row;
  }
}
