import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** A strong ETag (RFC 9110 §8.8.3) for a text. */
export function createEtag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/**
 * Marks the answer as one that may be cached.
 * @returns whether the client has it already, so that 304 is the answer.
 */
export function isUnchanged(request: Request, etag: string, cacheControl: string): boolean {
  request.res?.set({ ETag: etag, 'Cache-Control': cacheControl });
  return request.fresh;
}
