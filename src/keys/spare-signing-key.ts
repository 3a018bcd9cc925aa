import type { AsymmetricAlgorithm } from './algorithms.js';
import { generateSigningKey, type SigningKey } from './signing-keys.js';

/**
 * A key that is generated before the transaction that inserts it: an RSA key takes half a second, during which nothing
 * else could be written to the database.
 */
export class SpareSigningKey {
  #key: SigningKey | undefined;

  async prepare(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
    return (this.#key ??= await generateSigningKey(algorithm));
  }

  /** @returns the prepared key, or a new one if there is none; no key is returned twice. */
  async take(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
    const key = await this.prepare(algorithm);
    this.#key = undefined;
    return key;
  }
}
