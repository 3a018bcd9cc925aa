import type { RequestHandler } from 'express';
import { HealthStatus } from './health.models.js';
import { retryLater } from '../problems/problem.js';
import { sendProblem } from './problem-handler.js';
import { sendJson } from '../http/send-json.js';

/**
 * Responds while the service starts.
 * @param issuer the start of the `type` URIs.
 */
export function createStartingHandler(issuer: () => string): RequestHandler {
  return (request, response) => {
    // A starting process must not be restarted.
    if (request.url.split('?', 1)[0] === '/health/live') sendJson(response, 200, { status: HealthStatus.Ok });
    else sendProblem(retryLater('not_ready', 1, { detail: 'The service is starting.' }), response, issuer());
  };
}
