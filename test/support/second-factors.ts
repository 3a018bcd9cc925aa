import { generateSync } from 'otplib';
import type { Response } from 'supertest';
import type { ConfirmedTotp } from '../../src/second-factors/second-factors.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { TestApp } from './test-app.js';

/** The code that an authenticator app shows. @param steps further ahead than now. */
export function computeCode(secret: string, { clock }: TestApp, steps = 0): string {
  return generateSync({ secret, epoch: Math.floor(clock.now() / 1000) + 30 * steps });
}

/** A user with an authenticator app. */
export interface Enrolled {
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** Those of the session after it. */
  readonly tokens: TokenSet;
}

/** Sets up an authenticator app, and lets its next code be a new one. */
export async function enrollTotp(app: TestApp, { access_token: token }: TokenSet): Promise<Enrolled> {
  const begun = await app.post('/me/second-factors/totp', undefined, token).expect(201);
  const { secret } = begun.body as { secret: string };
  const body = { code: computeCode(secret, app) };
  const { body: confirmed } = await app.post('/me/second-factors/totp/confirm', body, token).expect(200);
  app.clock.advance(30);
  const { recovery_codes: recoveryCodes, tokens } = confirmed as Required<ConfirmedTotp>;
  return { secret, recoveryCodes, tokens };
}

/** The first step of a login with a second factor. @returns its `login_token`. */
export async function beginLogin(app: TestApp, username: string, password: string): Promise<string> {
  const { body } = await app.post('/login', { username, password }).expect(401);
  return String((body as Record<string, unknown>)['login_token']);
}

/** Both steps. */
export async function loginWithCode(
  app: TestApp,
  username: string,
  password: string,
  code: string,
): Promise<Response> {
  const token = await beginLogin(app, username, password);
  return app.post('/login/second-factor', { login_token: token, code });
}
