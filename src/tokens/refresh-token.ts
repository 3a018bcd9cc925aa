import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { parse as uuidBytes, stringify as uuidText } from 'uuid';
import type { KeyRing } from '../keys/key-ring.js';
import type { RefreshKey } from '../keys/open-keys.js';

const prefix = 'lk_rt_';
const versionByte = 1;
const keyIdLength = 12;
const sessionIdLength = 16;
const generationLength = 4;
const macLength = 32;
const length = 1 + keyIdLength + sessionIdLength + generationLength + macLength;

/** The contents of a refresh token whose HMAC has been verified. */
export interface RefreshTokenContents {
  readonly sessionId: string;
  readonly generation: number;
}

/**
 * Creates a refresh token, which is opaque to clients: `lk_rt_` + base64url(version ‖ key id ‖ session id ‖ generation ‖
 * HMAC-SHA-256 over all of these). It is not stored, because it can be computed again from the session's row. That is how
 * a token that was just replaced gives the same successor again.
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

/** Parses a refresh token, and verifies its HMAC with the ring's keys. @returns undefined if it is not valid. */
export function parseRefreshToken(ring: KeyRing, token: string): RefreshTokenContents | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const encoded = token.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Only the canonical encoding: base64 decoders ignore stray characters and trailing bits.
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
