import type { RequestHandler } from 'express';
import { HealthStatus } from './health.models.js';
import { retryLater } from '../problems/problem.js';
import { sendProblem } from './problem-handler.js';
import { sendJson } from '../http/send-json.js';

/**
 * Answers while the service is not ready for requests yet.
 * @param issuer what the problem types' URIs begin with.
 */
export function createStartingHandler(issuer: () => string): RequestHandler {
  return (request, response) => {
    // A process that is starting is alive: nobody should restart it.
    if (request.url.split('?', 1)[0] === '/health/live') sendJson(response, 200, { status: HealthStatus.Ok });
    else sendProblem(retryLater('not_ready', 1, { detail: 'The service is starting.' }), response, issuer());
  };
}
