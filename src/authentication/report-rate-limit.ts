import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { OnDenied } from '../sessions/denials.js';

/** Reports an attempt that the limiter refuses, for the audit and the metrics. */
export async function reportRateLimit<T>(
  work: Promise<T>,
  onDenied: OnDenied,
  context: RequestContext,
  userId?: string,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Problem && error.status === 429) onDenied('rate_limited', context, userId);
    throw error;
  }
}
