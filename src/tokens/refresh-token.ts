import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { parse as uuidBytes, stringify as uuidText } from 'uuid';
import type { KeyRing, RefreshKey } from '../keys/key-ring.js';

const prefix = 'lk_rt_';
const versionByte = 1;
const keyIdLength = 12;
const sessionIdLength = 16;
const generationLength = 4;
const macLength = 32;
const length = 1 + keyIdLength + sessionIdLength + generationLength + macLength;

/** What a refresh token says, once its HMAC has been verified. */
export interface RefreshTokenContents {
  readonly sessionId: string;
  readonly generation: number;
}

/**
 * Opaque to clients: `lk_rt_` + base64url(version ‖ key id ‖ session id ‖ generation ‖ HMAC-SHA-256 over
 * what precedes). Nothing of it is stored: the server can make it again from the session's row, which is
 * how a token that was just replaced gets the same successor twice.
 */
export function createRefreshToken(key: RefreshKey, { sessionId, generation }: RefreshTokenContents): string {
  const bytes = Buffer.alloc(length);
  bytes[0] = versionByte;
  bytes.write(key.id, 1, 'latin1');
  bytes.set(uuidBytes(sessionId), 1 + keyIdLength);
  bytes.writeUInt32BE(generation, 1 + keyIdLength + sessionIdLength);
  bytes.set(computeMac(key.secret, bytes.subarray(0, -macLength)), length - macLength);
  return prefix + bytes.toString('base64url');
}

/** Reads a refresh token; undefined for whatever the ring's keys did not make, to the last bit. */
export function parseRefreshToken(ring: KeyRing, token: string): RefreshTokenContents | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const encoded = token.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Base64 decoders forgive stray characters and trailing bits; one token has one spelling.
  if (bytes.length !== length || bytes[0] !== versionByte || bytes.toString('base64url') !== encoded) {
    return undefined;
  }
  const key = ring.findRefreshKey(bytes.toString('latin1', 1, 1 + keyIdLength));
  if (
    !key ||
    !timingSafeEqual(computeMac(key.secret, bytes.subarray(0, -macLength)), bytes.subarray(-macLength))
  ) {
    return undefined;
  }
  return {
    sessionId: uuidText(bytes, 1 + keyIdLength),
    generation: bytes.readUInt32BE(1 + keyIdLength + sessionIdLength),
  };
}

function computeMac(secret: KeyObject, bytes: Buffer): Buffer {
  return createHmac('sha256', secret).update(bytes).digest();
}
