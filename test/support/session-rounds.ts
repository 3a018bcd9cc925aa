import { expect } from 'chai';
import type { Session, TokenSet } from '../../src/sessions/sessions.models.js';
import type { TestApp } from './test-app.js';
import { readJwt } from './tokens.js';

/** The id of the tokens' session. */
export function readSessionId({ access_token: token }: TokenSet): string {
  return readJwt(token).claims['sid'] as string;
}

/** Checks that neither the access token nor the refresh token is accepted. */
export async function expectEnded(app: TestApp, tokens: TokenSet): Promise<void> {
  const { body } = await app.get('/protected', tokens.access_token).expect(401);
  expect(body).to.include({ code: 'invalid_token' });
  await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
}

/** Checks that both are accepted; the refresh token is used. */
export async function expectLive(app: TestApp, tokens: TokenSet): Promise<void> {
  await app.get('/protected', tokens.access_token).expect(200);
  await app.refresh(tokens.refresh_token);
}

/** The sessions of a page. */
export async function listSessionsAt(app: TestApp, path: string, accessToken: string): Promise<Session[]> {
  const { body } = await app.get(path, accessToken).expect(200);
  return (body as { items: Session[] }).items;
}
