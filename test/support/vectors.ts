import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonWebKey } from 'node:crypto';
import { checkout } from './checkout.js';

interface TokenVector {
  readonly name: string;
  readonly token: string;
}

/** Tokens and keys that the service and both guards judge alike: test/vectors/make.ts makes them. */
interface TokenVectors {
  /** When they are valid, in seconds since the Unix epoch; it is what the tests' clock says. */
  readonly now: number;
  readonly issuer: string;
  readonly keys: readonly VectorKey[];
  readonly accepted: readonly TokenVector[];
  /** Each says what one that is accepted says, in another spelling, or with another header. */
  readonly refused: readonly TokenVector[];
  /** Keys that are not to be used, with a token that one of them verifies. */
  readonly badKeys: readonly { readonly name: string; readonly jwk: VectorKey; readonly token: string }[];
}

type VectorKey = JsonWebKey & { readonly kty: string; readonly kid: string; readonly alg: string };

export const tokenVectors = JSON.parse(
  readFileSync(join(checkout, 'test/vectors/access-tokens.json'), 'utf8'),
) as TokenVectors;
