import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from '../http/node-http.js';
import type { Logger } from 'pino';
import type { Metrics } from '../observability/metrics.js';
import type { OutageLog } from '../database/outage-log.js';
import { isOutOfFiles } from '../problems/open-files.js';
import { limitConnections, maxMetricsConnections } from './connection-limits.js';
import type { Check, Readiness } from './readiness.js';
import { metricContentTypes, selectMetricFormat } from '../observability/prometheus.js';

/** Seconds in which a request must arrive. */
const requestTimeout = 5;
/** For `OutageLog`. */
const subject = 'a request to LATCHKEY_METRICS_PORT';

interface MeasuredServices {
  readonly database: { readonly outages: OutageLog };
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

type Handler = (
  services: MeasuredServices,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/**
 * Creates the server of `LATCHKEY_METRICS_PORT`: metrics and readiness, for whatever can reach it.
 * @param getServices undefined while the service starts.
 */
export function createMetricsServer(getServices: () => MeasuredServices | undefined, log: Logger): Server {
  const sendMetrics: Handler = async ({ metrics }, request, response) => {
    const format = selectMetricFormat(request.headers.accept);
    const text = await metrics.render(format);
    response.writeHead(200, { 'Content-Type': metricContentTypes[format] }).end(text);
  };
  const sendReadiness: Handler = async ({ readiness }, _request, response) => {
    const { checks } = await readiness.check();
    const isReady = checks.every((check) => check.isReady);
    const body = { status: isReady ? 'ok' : 'not_ready', checks: checks.map(toBody) };
    response.writeHead(isReady ? 200 : 503, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
  const handlers = new Map([
    ['/metrics', sendMetrics],
    ['/health/ready', sendReadiness],
  ]);
  const timeouts = { requestTimeout: requestTimeout * 1000, headersTimeout: requestTimeout * 1000 };
  const server = createServer(timeouts, (request, response) => {
    const handle = handlers.get(request.url?.split('?', 1)[0] ?? '');
    if (!handle || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response
        .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
        .end('There are GET /metrics and GET /health/ready here, and nothing else.\n');
      return;
    }
    const services = getServices();
    if (!services) {
      response.writeHead(503, { 'Retry-After': '1' }).end('The service is starting.\n');
      return;
    }
    const { outages } = services.database;
    handle(services, request, response).then(
      () => {
        outages.recordRecovery(subject);
      },
      (error: unknown) => {
        outages.recordFailure(subject, error, {}, 'error');
        sendError(error, response);
      },
    );
  });
  const limits = { requestTimeout, maxConnections: maxMetricsConnections };
  limitConnections(server, { ...limits, serving: `${maxMetricsConnections} of LATCHKEY_METRICS_PORT` }, log);
  return server;
}

function sendError(error: unknown, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else if (isOutOfFiles(error)) {
    response.writeHead(503, { 'Retry-After': '1' }).end('The service has too many open files.\n');
  } else response.writeHead(500).end();
}

function toBody({ name, isReady, since, reason, lag }: Check): object {
  return {
    name,
    ready: isReady,
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    ...(reason !== undefined && { reason }),
    ...(lag !== undefined && { lag_seconds: lag / 1000 }),
  };
}
