import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { GuardOptions } from './options.js';

/** Time between two events of the feed, in milliseconds. */
const heartbeat = 1000;
const keyId = 'testing';

export interface TestIssuerOptions {
  /** The audience of its tokens and of the guard's options; by default its URL. */
  readonly audience?: string;
}

export interface TestTokenOptions {
  /** None by default. */
  readonly permissions?: readonly string[];
  /** The user's id; by default always the same. */
  readonly subject?: string;
  readonly username?: string;
  readonly roles?: readonly string[];
  /** How long ago the token was issued and its user logged in, in seconds; by default 0. */
  readonly age?: number;
  /** The token's lifetime in seconds; by default 900. A token with a greater `age` has expired. */
  readonly lifetime?: number;
  /** Whether the token is from a login rather than from a refresh; by default true. */
  readonly fresh?: boolean;
  /** Whether the user logged in with a second factor; by default false. */
  readonly secondFactor?: boolean;
  readonly audience?: string | readonly string[];
  /** Further claims, or replacements of the usual ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Starts a replacement of the service for the tests of an API: a server on a free port of this machine, with a signing key
 * of its own, whose tokens guards accept.
 * @example
 * const issuer = await startTestIssuer();
 * const app = createApp(guard(issuer.options));
 * const token = await issuer.token({ permissions: ['reports:read'], age: 600 });
 */
export async function startTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: 'ES256', use: 'sig' };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new TestIssuer(server, privateKey, jwk, options);
}

export class TestIssuer {
  /** Its URL, and the issuer of its tokens (`iss`). */
  readonly url: string;
  /** Options for `guard()`. */
  readonly options: Pick<GuardOptions, 'issuer' | 'audience' | 'client'>;
  readonly #audience: string;
  readonly #readers = new Set<ServerResponse>();
  readonly #revoked = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @internal Call `startTestIssuer()`. */
  constructor(
    private readonly server: Server,
    private readonly privateKey: CryptoKey,
    private readonly publicKey: object,
    { audience }: TestIssuerOptions,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#audience = audience ?? this.url;
    this.options = {
      issuer: this.url,
      audience: this.#audience,
      client: { id: 'testing', secret: 'testing' },
    };
    server.on('request', (request, response) => {
      this.#respond(request, response);
    });
    this.#timer = setInterval(() => {
      for (const reader of this.#readers) reader.write(toEvent([]));
    }, heartbeat);
    this.#timer.unref();
  }

  /** Issues an access token like that of a user's login. */
  token({
    permissions = [],
    subject = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
    username = 'test',
    roles = [],
    age = 0,
    lifetime = 900,
    fresh = true,
    secondFactor = false,
    audience = this.#audience,
    claims = {},
  }: TestTokenOptions = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000) - age;
    const usual = {
      iss: this.url,
      sub: subject,
      aud: typeof audience === 'string' ? audience : [...audience],
      exp: now + lifetime,
      iat: now,
      nbf: now,
      jti: randomUUID(),
      sid: randomUUID(),
      ver: 1,
      client_id: this.url,
      scope: permissions.join(' '),
      roles,
      roles_ver: 1,
      auth_time: now,
      fresh,
      ...(secondFactor
        ? { amr: ['pwd', 'otp', 'mfa'], acr: 'aal2', mfa_time: now }
        : { amr: ['pwd'], acr: 'aal1' }),
      preferred_username: username,
    };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keyId })
      .sign(this.privateKey);
  }

  /** Revokes a token. Guards read that from the feed, and refuse the token a moment later. */
  revoke(token: string): void {
    const { jti = '', exp = 0 } = decodeJwt(token);
    this.#revoked.set(jti, exp);
    for (const reader of this.#readers) reader.write(toEvent([[jti, exp]]));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case '/.well-known/oauth-authorization-server':
        sendJson(response, {
          issuer: this.url,
          jwks_uri: `${this.url}/.well-known/jwks.json`,
          token_endpoint: `${this.url}/oauth/token`,
          introspection_endpoint: `${this.url}/oauth/introspect`,
        });
        return;
      case '/.well-known/jwks.json':
        sendJson(response, { keys: [this.publicKey] });
        return;
      case '/oauth/token':
        sendJson(response, { access_token: 'testing', token_type: 'Bearer', expires_in: 900 });
        return;
      case '/oauth/introspect':
        // Anything but a JWT is not active (RFC 7662 §2.2).
        this.#introspect(request, response).catch(() => {
          sendJson(response, { active: false });
        });
        return;
      case '/revocations/stream':
        this.#readers.add(response);
        response.once('close', () => this.#readers.delete(response));
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        response.write(toEvent([...this.#revoked]));
        return;
      default:
        response.writeHead(404).end();
    }
  }

  async #introspect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('token') ?? '';
    sendJson(response, { active: !this.#revoked.has(decodeJwt(token).jti ?? '') });
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/** Formats an event of the feed. @param revoked ids of tokens, and their expiration in seconds since the Unix epoch. */
function toEvent(revoked: readonly (readonly [string, number])[]): string {
  const items = revoked.map(([id, exp]) => ({
    kind: 'token',
    id,
    expires_at: new Date(exp * 1000).toISOString(),
  }));
  return `data: ${JSON.stringify({ items, complete: true })}\n\n`;
}
