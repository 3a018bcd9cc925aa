import type { AccessGrant } from '../tokens/access-token-claims.js';
import type { AccessTokens } from '../tokens/access-token.js';
import { parseScope } from '../roles/rights.js';
import type { StoredClient } from './clients.store.js';

type Grant = AccessGrant & { readonly audience: readonly string[]; readonly lifetime: number };

/** The maximum that a client's access token may have; the client may request less. */
export function createClientGrant(
  client: StoredClient,
  tokens: Pick<AccessTokens, 'audience' | 'lifetime'>,
): Grant {
  const audience = parseScope(client.audiences);
  return {
    subject: client.id,
    version: client.version,
    clientId: client.id,
    roles: [],
    permissions: parseScope(client.scopes),
    fresh: false,
    audience: audience.length > 0 ? audience : tokens.audience,
    lifetime: client.access_token_lifetime ?? tokens.lifetime,
  };
}
