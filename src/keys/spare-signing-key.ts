import type { AsymmetricAlgorithm } from './algorithms.js';
import { generateSigningKey, type SigningKey } from './signing-keys.js';

/**
 * A key that is made ahead of the transaction that takes it in: an RSA key takes half a second, for which nobody else
 * could write to the database.
 */
export class SpareSigningKey {
  #key: SigningKey | undefined;

  async prepare(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
    return (this.#key ??= await generateSigningKey(algorithm));
  }

  /** @returns the one that is there, or else a new one; each once. */
  async take(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
    const key = await this.prepare(algorithm);
    this.#key = undefined;
    return key;
  }
}
