import { routes } from '../../generated/latchkey-routes.js';
import { createLegacyTokens, type LegacyTokens } from '../authentication/legacy-tokens.js';
import type { Config } from '../config/config.js';
import { collectPermissions } from '../http/security-requirements.js';

/** @returns undefined where the settings do not ask for it. */
export function createConfiguredLegacyTokens(
  dependencies: Parameters<typeof createLegacyTokens>[0],
  config: Config,
  issuer: string,
): LegacyTokens | undefined {
  const { decodeLegacy, decodeLegacyUntil: until, secretKey: secret } = config;
  if (decodeLegacy === undefined || until === undefined || secret === undefined) return undefined;
  return createLegacyTokens(dependencies, {
    secret,
    until,
    leeway: config.decodeLeeway,
    issuer,
    audience: config.encodeAudience.length > 0 ? config.encodeAudience : [issuer],
    managementPermissions: new Set(collectPermissions(routes.operations)),
    grace: config.refreshGrace * 1000,
  });
}
