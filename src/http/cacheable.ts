import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** A strong ETag (RFC 9110 §8.8.3) for a text. */
export function createEtag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/**
 * Sets the headers of a cacheable response.
 * @returns whether the client has it already, so that the response is 304.
 */
export function isUnchanged(request: Request, etag: string, cacheControl: string): boolean {
  request.res?.set({ ETag: etag, 'Cache-Control': cacheControl });
  return request.fresh;
}
