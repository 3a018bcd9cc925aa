import { sign } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { TestApp } from './test-app.js';

/** The app's keys, for tokens that it would never issue. */
export function openKeyRing({ services }: TestApp): KeyRing {
  return services.ring;
}

interface Jwt {
  readonly header: object;
  readonly claims: object;
}

/** Reads a JWT, and trusts it. */
export function readJwt(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  if (!header || !claims) throw new Error('This is no JWT.');
  return { header, claims };
}

/** A JWT with any content, signed with the app's key: only the content is wrong. */
export function signJwt(ring: KeyRing, { header, claims }: Jwt): string {
  return signContent(ring, encode({ header, claims }));
}

/** Appends the signature of the app's own ES256 key. */
export function signContent({ signingKey }: KeyRing, content: string): string {
  const signature = sign('sha256', Buffer.from(content), {
    key: signingKey.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${content}.${signature.toString('base64url')}`;
}

/** The part of a JWT that is signed. */
export function encode({ header, claims }: Jwt): string {
  return [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
}

export function base64url(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url');
}

/** A service that checks our access tokens by the published keys, which it caches for as long as it may. */
export class ResourceServer {
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #staleAt = 0;

  constructor(private readonly app: TestApp) {}

  /** @throws where the token is not accepted. */
  async verify(token: string): Promise<JWTPayload> {
    const { clock, services } = this.app;
    if (!this.#keys || clock.now() >= this.#staleAt) {
      const response = await this.app.get('/.well-known/jwks.json').expect(200);
      const [, maxAge] = /max-age=(\d+)/.exec(response.get('Cache-Control') ?? '') ?? [];
      this.#keys = createLocalJWKSet(response.body as JSONWebKeySet);
      this.#staleAt = clock.now() + Number(maxAge) * 1000;
    }
    const { payload } = await jwtVerify(token, this.#keys, {
      issuer: services.issuer,
      audience: services.issuer,
      typ: 'at+jwt',
      currentDate: new Date(clock.now()),
    });
    return payload;
  }
}
