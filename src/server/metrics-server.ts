import type { Server } from 'node:http';
import { createServer } from '../http/node-http.js';
import type { Logger } from 'pino';
import type { Metrics } from '../observability/metrics.js';
import { metricContentTypes, selectMetricFormat } from '../observability/prometheus.js';

/** Milliseconds in which a request must arrive. */
const requestTimeout = 5000;
const maxConnections = 100;

/** Creates the server of `LATCHKEY_METRICS_PORT`: `/metrics` and nothing else, for who can reach it. */
export function createMetricsServer(metrics: Metrics, log: Logger): Server {
  const server = createServer({ requestTimeout, headersTimeout: requestTimeout }, (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response
        .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
        .end('There is GET /metrics here, and nothing else.\n');
      return;
    }
    const format = selectMetricFormat(request.headers.accept);
    metrics.render(format).then(
      (text) => {
        response.writeHead(200, { 'Content-Type': metricContentTypes[format] }).end(text);
      },
      (error: unknown) => {
        log.error({ err: error }, 'reading the metrics failed');
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = maxConnections;
  return server;
}
