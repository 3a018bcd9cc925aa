import { importJWK, type CryptoKey, type JWK } from 'jose';
import { ServiceRefused, type GuardClock, type LatchkeyService } from './latchkey-service.js';
import { listAlgorithms, validateJwkUse, validatePublicKey, computeSignatureLength } from './public-keys.js';

/** Minimum time between two attempts to read the keys, in milliseconds, however many tokens with unknown key ids come. */
const minReadInterval = 5000;
/** How long keys are used while newer ones cannot be read, in milliseconds. */
const maxUse = 3_600_000;

const noKeys =
  'The service publishes no public keys: its JWT_ALGORITHM is one with a shared secret (HS256, HS384, HS512), whose tokens only the service itself can check. Set JWT_ALGORITHM=ES256 there, or introspect tokens.';

/** Asymmetric algorithms alone: with a shared secret, every service that checks tokens could also issue them. */
const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** A key of the service. */
export interface VerificationKey {
  /** The only algorithm that the key may be used with. */
  readonly algorithm: string;
  readonly key: CryptoKey;
  /** The bytes of each signature. */
  readonly signatureLength: number;
}

/** The service's public keys, cached for as long as the service says, and for at most an hour while it cannot be reached. */
export class KeySet {
  #keys: ReadonlyMap<string, VerificationKey> = new Map();
  #text = '';
  #readAt = -Infinity;
  #maxAge = 0;
  #attemptedAt = -Infinity;
  #reading: Promise<void> | undefined;
  #isExpired = false;
  /** Whether the service publishes no key at all. */
  #hasNone = false;
  /** Incremented when the keys change: tokens must then be verified again. */
  version = 0;

  constructor(
    private readonly service: LatchkeyService,
    private readonly clock: GuardClock,
    private readonly warn: (message: string) => void,
  ) {}

  /** Whether the keys are not older than the service's `max-age`. */
  get isFresh(): boolean {
    return !this.#isExpired && !this.#hasNone && this.#age < this.#maxAge;
  }

  /** The keys are read again before their next use, because one may have been removed. */
  expire(): void {
    this.#isExpired = true;
    this.#attemptedAt = -Infinity;
  }

  /**
   * Reads the keys again if that is due.
   * @throws {Error} if that fails and the keys are older than an hour.
   * @throws {ServiceRefused} if the service publishes none.
   */
  async refresh(): Promise<void> {
    if (this.isFresh) return;
    try {
      await this.#readIfDue();
    } catch (error) {
      if (this.#age >= maxUse) throw error;
    }
    if (this.#age >= maxUse) throw new Error('The public keys could not be read a moment ago.');
    this.#requireSome();
  }

  /**
   * Finds the key with this id; if it is unknown, the keys are read again.
   * @throws {Error} if the service does not respond.
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    if (!this.#keys.has(kid)) await this.#readIfDue();
    this.#requireSome();
    return this.#keys.get(kid);
  }

  /** Without any key every token would be refused, though nothing is wrong with the tokens. */
  #requireSome(): void {
    if (this.#hasNone) throw new ServiceRefused(noKeys);
  }

  get #age(): number {
    return this.clock.monotonic() - this.#readAt;
  }

  /** At most one read at a time, and one in `minReadInterval`. */
  async #readIfDue(): Promise<void> {
    if (!this.#reading) {
      if (this.clock.monotonic() - this.#attemptedAt < minReadInterval) return;
      this.#reading = this.#read().finally(() => (this.#reading = undefined));
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#attemptedAt = this.clock.monotonic();
    this.#isExpired = false;
    const { keys, maxAge } = await this.service.keys().catch((error: unknown) => {
      this.#isExpired = true;
      throw error;
    });
    this.#readAt = this.#attemptedAt;
    this.#maxAge = maxAge * 1000;
    const text = JSON.stringify(keys);
    if (text === this.#text) return;
    this.#keys = await this.#import(keys.keys);
    this.#text = text;
    this.version += 1;
    this.#hasNone = keys.keys.length === 0;
    if (this.#hasNone) this.warn(noKeys);
  }

  /** Imports the keys that can be used, and warns about the others. */
  async #import(jwks: readonly JWK[]): Promise<Map<string, VerificationKey>> {
    const keys = new Map<string, VerificationKey>();
    for (const jwk of jwks) {
      const { kid, alg } = jwk;
      if (kid === undefined || alg === undefined || !algorithms.includes(alg)) continue;
      const key = await importKey(jwk, alg, jwks);
      if (typeof key === 'string') this.warn(`The key "${kid}" of the service is not used: it ${key}.`);
      else keys.set(kid, key);
    }
    return keys;
  }
}

/** @returns the error, as the end of "The key …", if the key must not be used. */
async function importKey(jwk: JWK, alg: string, all: readonly JWK[]): Promise<VerificationKey | string> {
  const members = jwk as Readonly<Record<string, unknown>>;
  const error = validateJwkUse(members) ?? validatePublicKey(members);
  if (error !== undefined) return error;
  if (!listAlgorithms(members).includes(alg)) return 'has an "alg" that it is not for';
  if (all.filter(({ kid }) => kid === jwk.kid).length > 1) return 'has the "kid" of another one';
  try {
    const key = (await importJWK(jwk, alg)) as CryptoKey;
    return { algorithm: alg, key, signatureLength: computeSignatureLength(members) };
  } catch (cause) {
    return `cannot be imported (${(cause as Error).message})`;
  }
}
