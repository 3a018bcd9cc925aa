import type { Request } from 'express';
import { contextOf } from '../http/request-context.js';
import type { RequestLimiter } from './request-limiter.js';

/** How often one address may do it. */
export interface RequestLimits {
  readonly login: RequestLimiter;
  readonly refresh: RequestLimiter;
}

/**
 * Counts a request of an operation that the operator may limit, and says in `RateLimit` how many are left.
 * @throws {Problem} `too_many_requests`, with `Retry-After`.
 */
export function countRequest(
  request: Request,
  { requestLimits }: { readonly requestLimits: RequestLimits },
  kind: keyof RequestLimits,
): void {
  const quota = requestLimits[kind].take(contextOf(request));
  if (quota !== undefined) request.res?.setHeader('RateLimit', quota);
}
