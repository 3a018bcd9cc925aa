import type { Clock } from '../clock.js';
import type { IssuedTokens } from '../keys/issued-tokens.js';
import { everyRole } from '../revocations/revocations.store.js';
import { revokeTokensOfHolders } from '../revocations/roles-version.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';
import { sessionsStore } from './sessions.store.js';

/** The key ring's port to sessions and revocations. */
export function createIssuedTokens(clock: Clock): IssuedTokens {
  return {
    findLastSessionExpiry: (queries) => sessionsStore.findLastExpiry(queries),
    revokeAccessTokens: async (queries) => {
      const now = clock.now();
      await revokeTokensOfHolders(queries, everyRole, { now, expiresAt: now + maxAccessTokenLifetime });
    },
  };
}
