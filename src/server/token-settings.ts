import { getTokenScheme, type Config } from '../config/config.js';
import type { Hooks } from '../tokens/hooks.js';
import { StartError } from '../start-error.js';
import { maxTokenLength, computeRightsSize } from '../tokens/access-token-size.js';
import type { AccessTokens, AccessTokenOptions } from '../tokens/access-token.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';
import { isSymmetric } from '../keys/algorithms.js';
import type { KeyRingOptions } from '../keys/key-schedule.js';
import { administratorRole } from '../roles/administrator-role.js';

/** Beyond the JWKS's max-age, for those who cache it a little longer, in seconds. */
const publishMargin = 60;

/**
 * What the settings say of access tokens.
 * @param maxLength characters that a user's token may have where it is kept.
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
    // Unless it is set, the audience is the issuer: an earlier issuer's tokens are for the earlier audience.
    acceptedAudiences:
      config.decodeAudience.length > 0 ? config.decodeAudience : [...audience, ...config.decodeIssuer],
    lifetime: config.accessTokenExpires,
    leeway: config.decodeLeeway,
    notBefore: config.encodeNotBefore,
    scheme: getTokenScheme(config),
    maxLength: Math.min(maxTokenLength, maxLength),
    hooks,
  };
}

/** What they say of the keys. */
export function toKeyRingOptions(config: Config): KeyRingOptions {
  return {
    algorithm: config.algorithm,
    // One that is set beside another algorithm makes no tokens valid: its old ones count where they are named.
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

/** @throws {StartError} where the settings leave too little room in an access token: nobody could administer anything. */
export function requireRoomForAdministrators(
  accessTokens: AccessTokens,
  config: Config,
  permissions: readonly string[],
): void {
  const missing = computeRightsSize([administratorRole], permissions) - accessTokens.rightsCapacity;
  if (missing <= 0) return;
  const limit = `${accessTokens.maxLength} characters${config.tokenLocations.includes('cookies') ? ', because JWT_TOKEN_LOCATION names cookies' : ''}`;
  throw new StartError(
    `An administrator's access token would be too long by ${missing} bytes: it may have ${limit}. Make JWT_ENCODE_AUDIENCE shorter (or LATCHKEY_ISSUER, which it is by default), or a private key of your own (JWT_PRIVATE_KEY).`,
  );
}
