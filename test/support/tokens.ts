import { sign } from 'node:crypto';
import type { KeyRing } from '../../src/tokens/key-ring.js';
import type { TestApp } from './test-app.js';

/** The app's own keys, for tokens that it would never issue. */
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

/** A JWT of any content, signed with the app's own key: what is wrong with it is the content alone. */
export function signJwt({ signingKey }: KeyRing, { header, claims }: Jwt): string {
  const content = encode({ header, claims });
  const signature = sign('sha256', Buffer.from(content), {
    key: signingKey.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${content}.${signature.toString('base64url')}`;
}

/** The part of a JWT that is signed. */
export function encode({ header, claims }: Jwt): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}
