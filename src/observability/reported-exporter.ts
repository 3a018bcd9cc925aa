import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { OutageLog } from '../database/outage-log.js';

type OnResult = Parameters<SpanExporter['export']>[1];

/** The subject of sentences in the log. */
const subject = 'sending traces to their collector';

/** An exporter whose failures are in the log: OpenTelemetry's own drops what it could not send without a word. */
export class ReportedExporter implements SpanExporter {
  constructor(
    private readonly exporter: SpanExporter,
    private readonly outages: OutageLog,
  ) {}

  export(spans: ReadableSpan[], onResult: OnResult): void {
    this.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.outages.recordRecovery(subject);
      else this.outages.recordFailure(subject, result.error, { spans: spans.length });
      onResult(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }
}
