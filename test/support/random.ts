import { randomInt } from 'node:crypto';
import fc from 'fast-check';

/** The seed of random inputs, to repeat a failed run; fast-check prints its own. */
const given = process.env['TEST_SEED'];
if (given !== undefined) {
  if (!/^-?\d{1,10}$/.test(given)) throw new Error(`TEST_SEED is "${given}", but must be a whole number.`);
  fc.configureGlobal({ seed: Number(given) });
}

/** Random numbers from 0 (inclusive) to 1 (exclusive), for a load whose report has the seed. */
export class Random {
  readonly seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  #state = this.seed;

  /** SplitMix32. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  }
}
