import type { Request } from 'express';
import { getRequestContext } from '../http/request-context.js';
import type { RequestLimiter } from './request-limiter.js';

/** The request limits per address. */
export interface RequestLimits {
  readonly login: RequestLimiter;
  readonly refresh: RequestLimiter;
  readonly passwordCheck: RequestLimiter;
  readonly recovery: RequestLimiter;
  readonly registration: RequestLimiter;
}

/**
 * Counts a request, and sets the `RateLimit` header of the response.
 * @throws {Problem} `too_many_requests`, with `Retry-After`.
 */
export function countRequest(
  request: Request,
  { requestLimits }: { readonly requestLimits: RequestLimits },
  kind: keyof RequestLimits,
): void {
  const quota = requestLimits[kind].take(getRequestContext(request));
  if (quota !== undefined) request.res?.setHeader('RateLimit', quota);
}
