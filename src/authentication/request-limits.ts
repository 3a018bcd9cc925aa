import type { Request } from 'express';
import type { Services } from '../server/services.js';
import { contextOf } from '../http/request-context.js';

/**
 * Counts a request of an operation that the operator may limit, and says in `RateLimit` how many are left.
 * @throws {Problem} `too_many_requests`, with `Retry-After`.
 */
export async function countRequest(
  request: Request,
  { requestLimits }: Services,
  kind: keyof Services['requestLimits'],
): Promise<void> {
  const quota = await requestLimits[kind].take(contextOf(request));
  if (quota !== undefined) request.res?.setHeader('RateLimit', quota);
}
