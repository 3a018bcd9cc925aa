import { Get, Produces, Request, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { Metrics } from './metrics.js';
import type { MetricsText } from './metrics.models.js';
import { metricContentTypes, selectMetricFormat } from './prometheus.js';

@Route('metrics')
@Tags('Service')
@Security('bearer', ['metrics:read'])
export class MetricsController {
  constructor(private readonly services: { readonly metrics: Metrics }) {}

  /**
   * The metrics of this process, in Prometheus' text format, or in that of OpenMetrics 1.0 for clients whose `Accept` prefers
   * it. Each replica has its own. With `LATCHKEY_METRICS_PORT` they are also on a port of their own, without a token.
   * @summary Read the metrics
   */
  @Get()
  @Produces('text/plain')
  @SuccessResponse(200, 'The metrics.', 'text/plain')
  public async getMetrics(@Request() request: HttpRequest): Promise<MetricsText> {
    const format = selectMetricFormat(request.get('Accept'));
    const text = await this.services.metrics.render(format);
    request.res?.setHeader('Content-Type', metricContentTypes[format]);
    return text;
  }
}
