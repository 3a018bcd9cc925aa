import type { Clock } from '../../src/clock.js';
import type { Database } from '../../src/database/database.js';
import { maxAccessTokenLifetime } from '../../src/tokens/access-token-verifier.js';
import { createIssuedTokens } from '../../src/sessions/issued-tokens.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import type { KeyRingOptions } from '../../src/keys/key-schedule.js';
import type { KeySealing } from '../../src/keys/key-sealing.js';

/** The defaults of the settings, in milliseconds. */
export const keyRingOptions: KeyRingOptions = {
  algorithm: 'ES256',
  secrets: [],
  ownKey: undefined,
  publishAhead: 360_000,
  rotateAfter: 90 * 86_400_000,
  maxAccessTokenLifetime,
  refreshTokenLifetime: 30 * 86_400_000,
};

/** A ring with the keys that the settings require, as after a start of the service. */
export async function completeKeyRing(
  database: Database,
  sealing: KeySealing,
  clock: Clock,
  options: Partial<KeyRingOptions> = {},
): Promise<KeyRing> {
  const ring = await KeyRing.open(database, sealing, clock, createIssuedTokens(clock), {
    ...keyRingOptions,
    ...options,
  });
  await ring.createMissingKeys();
  return ring;
}
