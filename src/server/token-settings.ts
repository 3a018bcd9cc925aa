import { getTokenScheme, type Config } from '../config/config.js';
import type { Hooks } from '../tokens/hooks.js';
import { StartError } from '../start-error.js';
import { maxTokenLength, computeRightsSize } from '../tokens/access-token-size.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { AccessTokenOptions } from '../tokens/access-token-options.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';
import { isSymmetric } from '../keys/algorithms.js';
import type { KeyRingOptions } from '../keys/key-schedule.js';
import { administratorRole } from '../roles/administrator-role.js';

/** Seconds beyond the max-age of the JWKS, for clients that cache it a little longer. */
const publishMargin = 60;

/**
 * @param maxLength the maximum length of a user's token in its location, in characters.
 */
export function toAccessTokenOptions(
  config: Config,
  issuer: string,
  hooks: Hooks,
  maxLength: number,
): AccessTokenOptions {
  const audience = config.encodeAudience.length > 0 ? config.encodeAudience : [issuer];
  return {
    issuer,
    acceptedIssuers: [issuer, ...config.decodeIssuer],
    audience,
    // The default audience is the issuer, so tokens of an earlier issuer have that as their audience.
    acceptedAudiences:
      config.decodeAudience.length > 0 ? config.decodeAudience : [...audience, ...config.decodeIssuer],
    lifetime: config.accessTokenExpires,
    leeway: config.decodeLeeway,
    notBefore: config.encodeNotBefore,
    type: config.accessTokenType,
    scheme: getTokenScheme(config),
    maxLength: Math.min(maxTokenLength, maxLength),
    hooks,
  };
}

export function toKeyRingOptions(config: Config): KeyRingOptions {
  return {
    algorithm: config.algorithm,
    // With another algorithm, JWT_SECRET_KEY verifies nothing; its earlier tokens need JWT_PREVIOUS_SECRET_KEYS.
    secrets: [
      ...(isSymmetric(config.algorithm) && config.secretKey !== undefined ? [config.secretKey] : []),
      ...config.previousSecretKeys,
    ],
    ownKey: config.privateKey,
    publishAhead: (config.jwksMaxAge + publishMargin) * 1000,
    rotateAfter: config.keyRotation * 1000,
    maxAccessTokenLifetime,
    refreshTokenLifetime: config.refreshTokenExpires * 1000,
  };
}

/** @throws {StartError} where an administrator's rights do not fit into an access token. */
export function requireRoomForAdministrators(
  accessTokens: AccessTokens,
  config: Config,
  permissions: readonly string[],
): void {
  const missing = computeRightsSize([administratorRole], permissions) - accessTokens.rightsCapacity;
  if (missing <= 0) return;
  const limit = `${accessTokens.maxLength} characters${config.tokenLocations.includes('cookies') ? ', because JWT_TOKEN_LOCATION names cookies' : ''}`;
  throw new StartError(
    `An administrator's access token would be too long by ${missing} bytes: it may have ${limit}. Make JWT_ENCODE_AUDIENCE shorter (or LATCHKEY_ISSUER, which it is by default), or a private key of your own (JWT_PRIVATE_KEY), or the access cookie’s name and path.`,
  );
}
