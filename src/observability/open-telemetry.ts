// OpenTelemetry: loaded where its variables ask for traces, and nowhere else.
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { DatabaseObserver } from '../database/database-observers.js';
import { OutageLog } from '../database/outage-log.js';
import { getClientAddress } from '../http/trusted-proxy.js';
import { ReportedExporter } from './reported-exporter.js';
import { otherOperation } from './request-metrics.js';
import type { TracingSettings } from './tracing-settings.js';
import type { Tracing } from './tracing.js';

/** Where Node's `fetch` announces each request before it is sent. */
const fetchChannel = 'undici:request:create';
/** Milliseconds that a stop waits for a collector, which may be away. */
const lastExportTime = 2000;
/** Milliseconds; a shorter wait is no span of its own. */
const minWait = 1;

/** Starts to trace: what a project's own code does by `@opentelemetry/api` goes the same way. */
export function startTracing(settings: TracingSettings, version: string, log: Logger): Tracing {
  const resource = resourceFromAttributes({
    'service.name': 'latchkey',
    'service.version': version,
    // Which replica it is of.
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'process.pid': process.pid,
  });
  const exporter = new ReportedExporter(new OTLPTraceExporter(), new OutageLog(log));
  const provider = new TracerProvider({
    // The variables come last: they win.
    resource: defaultResource()
      .merge(resource)
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    sampler: createSampler(settings),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...settings.batch })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  if (settings.propagates) {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    subscribe(fetchChannel, addTraceContext);
  }
  const tracer = trace.getTracer('latchkey', version);
  return {
    middleware: createRequestSpans(tracer),
    createDatabaseObserver: (system) => createDatabaseObserver(tracer, system),
    getLogFields: () => {
      const span = trace.getSpan(context.active());
      return span ? { traceId: span.spanContext().traceId } : {};
    },
    onPasswordCheck: ({ waited, worked }) => {
      const now = Date.now();
      if (waited >= minWait)
        recordSpan(tracer, 'wait for a core', now - worked - waited, now - worked, {
          kind: SpanKind.INTERNAL,
          attributes: {},
        });
      recordSpan(tracer, 'hash password', now - worked, now, {
        kind: SpanKind.INTERNAL,
        attributes: { 'latchkey.waited_ms': waited },
      });
    },
    stop: async () => {
      const sent = provider.shutdown().then(
        () => true,
        // The exporter has logged it.
        () => true,
      );
      if (!(await Promise.race([sent, wait(lastExportTime, false, { ref: false })])))
        log.warn('the last traces were not sent: their collector did not respond in time');
      unsubscribe(fetchChannel, addTraceContext);
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

function createSampler({ sampler, ratio }: TracingSettings): Sampler {
  const root = sampler.endsWith('always_on')
    ? new AlwaysOnSampler()
    : sampler.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root;
}

/** Attributes by OpenTelemetry's conventions for HTTP. Of the address only the operation's path is one: no id, no query. */
function createRequestSpans(tracer: Tracer): RequestHandler {
  return (request, response, next) => {
    const { method } = request;
    const address = getClientAddress(request);
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = tracer.startSpan(
      method,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          ...(address !== undefined && { 'client.address': address }),
        },
      },
      parent,
    );
    request.traceId = span.spanContext().traceId;
    response.on('close', () => {
      const status = response.statusCode;
      const { path } = request.operation ?? otherOperation;
      if (path !== undefined) span.updateName(`${method} ${path}`);
      span.setAttributes(describeRequest(request, status));
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(parent, span), next);
  };
}

function describeRequest(request: Request, status: number): Attributes {
  const { operation = otherOperation, requestId } = request;
  const userId = request.caller?.subject ?? request.login?.userId;
  return {
    'http.response.status_code': status,
    'latchkey.operation': operation.id,
    'latchkey.request_id': requestId,
    ...(operation.path !== undefined && { 'http.route': operation.path }),
    ...(userId !== undefined && { 'user.id': userId }),
  };
}

function createDatabaseObserver(tracer: Tracer, system: string): DatabaseObserver {
  return {
    onConnection: ({ askedAt, took }) => {
      if (took < minWait) return;
      const begunAt = performance.timeOrigin + askedAt;
      recordSpan(tracer, 'wait for a connection', begunAt, begunAt + took, {
        kind: SpanKind.INTERNAL,
        attributes: { 'db.system.name': system },
      });
    },
    onStatement: ({ sql, askedAt, took, error }) => {
      const begunAt = performance.timeOrigin + askedAt;
      const operation = (/^\s*(\w+)/.exec(sql)?.[1] ?? 'statement').toUpperCase();
      recordSpan(tracer, operation, begunAt, begunAt + took, {
        kind: SpanKind.CLIENT,
        attributes: {
          'db.system.name': system,
          'db.operation.name': operation,
          // With placeholders: values are not in it.
          'db.query.text': sql,
        },
        error,
      });
    },
  };
}

interface EndedSpan {
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly error?: unknown;
}

/** A span of something that has ended, where it is part of another one: the service's own background work has none. */
function recordSpan(
  tracer: Tracer,
  name: string,
  startTime: number,
  endTime: number,
  { error, ...options }: EndedSpan,
): void {
  if (!trace.getSpan(context.active())?.isRecording()) return;
  const span = tracer.startSpan(name, { ...options, startTime });
  if (error !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    // Its message may have what a user has typed.
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
  }
  span.end(endTime);
}

/** Gives the context of a trace to what is asked by `fetch` in it. */
function addTraceContext(message: unknown): void {
  const { request } = message as { readonly request: { addHeader(name: string, value: string): void } };
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  for (const [name, value] of Object.entries(headers)) request.addHeader(name, value);
}
