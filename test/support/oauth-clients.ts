import { sign, type KeyObject } from 'node:crypto';
import type { Test } from 'supertest';
import { v7 } from 'uuid';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { TokenResponse } from '../../src/oauth/oauth.models.js';
import type { ApiClient, Form } from './api-client.js';
import { encode } from './tokens.js';

export const issuer = 'http://latchkey.test';
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A client of the service, created by the administrator. */
export async function createClient(api: ApiClient, fields: object = {}): Promise<CreatedClient> {
  const { access_token: admin } = await api.login();
  const { body } = await api.post('/clients', { client_name: 'A client', ...fields }, admin).expect(201);
  return body as CreatedClient;
}

/** A client with what a guard needs of one: the feed of revocations, and introspection of tokens for its audience. */
export async function createGuardClient(
  api: ApiClient,
  audience: string,
): Promise<{ readonly id: string; readonly secret: string }> {
  const { client_id: id, client_secret: secret = '' } = await createClient(api, {
    scope: 'revocations:read',
    introspection_audiences: [audience],
  });
  return { id, secret };
}

/** The fields that authenticate a client in a form. */
export function toFormCredentials({ client_id: id, client_secret: secret }: CreatedClient): Form {
  return { client_id: id, client_secret: secret ?? '' };
}

/** The header that authenticates it. */
export function toBasicCredentials({ client_id: id, client_secret: secret }: CreatedClient): string {
  return `Basic ${Buffer.from(`${id}:${secret ?? ''}`).toString('base64')}`;
}

/** A token for the client itself. */
export async function requestClientToken(
  api: ApiClient,
  client: CreatedClient,
  wish: Form = {},
): Promise<TokenResponse> {
  const form = { grant_type: 'client_credentials', ...toFormCredentials(client), ...wish };
  const { body } = await api.postForm('/oauth/token', form).expect(200);
  return body as TokenResponse;
}

/** The response to this client's introspection of a token. */
export function introspect(api: ApiClient, client: CreatedClient, token: string, form: Form = {}): Test {
  return api.postForm('/oauth/introspect', { token, ...toFormCredentials(client), ...form });
}

/** Revokes a token as this client. */
export function revoke(api: ApiClient, client: CreatedClient, token: string, form: Form = {}): Test {
  return api.postForm('/oauth/revoke', { token, ...toFormCredentials(client), ...form });
}

interface Assertion {
  readonly header?: object;
  readonly claims?: object;
}

/** A client's assertion: valid, except for what is given. `now` in seconds. */
export function signAssertion(
  privateKey: KeyObject,
  clientId: string,
  now: number,
  { header = {}, claims = {} }: Assertion = {},
): string {
  const content = encode({
    header: { alg: 'ES256', ...header },
    claims: { iss: clientId, sub: clientId, aud: issuer, exp: now + 60, jti: v7(), ...claims },
  });
  const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}
