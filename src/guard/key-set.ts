import { importJWK, type CryptoKey, type JWK } from 'jose';
import { ServiceRefused, type GuardClock, type LatchkeyService } from './latchkey-service.js';
import { listAlgorithms, validateJwkUse, validatePublicKey, computeSignatureLength } from './public-keys.js';

/** Between two attempts to read the keys, in milliseconds: tokens with made-up key ids cause no more. */
const minReadInterval = 5000;
/** For how long keys are used when newer ones cannot be had, in milliseconds. */
const maxUse = 3_600_000;

const noKeys =
  'The service publishes no public keys: its JWT_ALGORITHM is one with a shared secret (HS256, HS384, HS512), whose tokens only the service itself can check. Set JWT_ALGORITHM=ES256 there, or introspect tokens.';

/** Signatures that those who check them cannot make. */
const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** A key of the service. */
export interface VerificationKey {
  /** The only one that it is for. */
  readonly algorithm: string;
  readonly key: CryptoKey;
  /** The bytes of each signature. */
  readonly signatureLength: number;
}

/** The service's public keys: kept for as long as it says, and while it cannot be reached an hour at most. */
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

  /** Whether the keys are as new as the service demands. */
  get isFresh(): boolean {
    return !this.#isExpired && !this.#hasNone && this.#age < this.#maxAge;
  }

  /** Has the keys read again before their next use: one may have been removed. */
  expire(): void {
    this.#isExpired = true;
    this.#attemptedAt = -Infinity;
  }

  /**
   * Reads the keys again if that is due.
   * @throws where no keys can be had that are new enough.
   * @throws {ServiceRefused} where the service has none.
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
   * The key with this id, if there is one. The service is asked for one that is not known.
   * @throws where it does not answer.
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    if (!this.#keys.has(kid)) await this.#readIfDue();
    this.#requireSome();
    return this.#keys.get(kid);
  }

  /** Without any, it is not the tokens that are wrong. */
  #requireSome(): void {
    if (this.#hasNone) throw new ServiceRefused(noKeys);
  }

  get #age(): number {
    return this.clock.monotonic() - this.#readAt;
  }

  /** At most once at a time, and once in a while. */
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

  /** Those that can be used; the others are told of. */
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

/** @returns what is wrong with the key, where it must not be used. */
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
