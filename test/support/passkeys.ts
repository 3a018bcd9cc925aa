import type { Test } from 'supertest';
import type {
  AddedPasskey,
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
} from '../../src/passkeys/passkeys.models.js';
import type { PasskeyUse } from '../../src/passkeys/passkey-use.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { Authenticator, type Deviation } from './authenticator.js';
import type { TestApp } from './test-app.js';

export const passkeyOrigin = 'https://latchkey.test';
export const passkeySettings = { LATCHKEY_PASSKEY_ORIGINS: passkeyOrigin };

export function createAuthenticator(
  options: Partial<ConstructorParameters<typeof Authenticator>[0]> = {},
): Authenticator {
  return new Authenticator({ origin: passkeyOrigin, ...options });
}

export async function getCreationOptions(
  app: TestApp,
  token: string,
  use: PasskeyUse = 'login',
): Promise<PasskeyCreationOptions> {
  const { body } = await app.post('/me/passkeys/options', { use }, token).expect(200);
  return body as PasskeyCreationOptions;
}

/** Adds what the authenticator makes to the account of the token. */
export async function addPasskey(
  app: TestApp,
  token: string,
  authenticator: Authenticator,
  { name, use = 'login' }: { readonly name?: string; readonly use?: PasskeyUse } = {},
): Promise<AddedPasskey> {
  const credential = authenticator.create(await getCreationOptions(app, token, use));
  const { body } = await app
    .post('/me/passkeys', { ...(name !== undefined && { name }), credential }, token)
    .expect(201);
  return body as AddedPasskey;
}

export async function getRequestOptions(app: TestApp, body: object = {}): Promise<PasskeyRequestOptions> {
  return (await app.post('/login/passkey/options', body).expect(200)).body as PasskeyRequestOptions;
}

/** What the authenticator signs for a login without a password. */
export async function signLogin(
  app: TestApp,
  authenticator: Authenticator,
  deviation: Deviation = {},
  body: object = {},
): Promise<PasskeyAssertion> {
  return authenticator.get(await getRequestOptions(app, body), deviation);
}

export function logInWithPasskey(app: TestApp, credential: PasskeyAssertion, more: object = {}): Test {
  return app.post('/login/passkey', { credential, ...more });
}

/** Logs in with a passkey alone: fresh tokens of a session with a second factor. */
export async function getTokensByPasskey(app: TestApp, authenticator: Authenticator): Promise<TokenSet> {
  const { body } = await logInWithPasskey(app, await signLogin(app, authenticator)).expect(200);
  return body as TokenSet;
}
