import type { Logger } from 'pino';
import type { Tracing } from './tracing.js';
import { readTracingSettings } from './tracing-settings.js';

/**
 * Loads OpenTelemetry, where its standard variables ask for traces.
 * @param version of the service.
 * @throws {StartError} where they ask for what is not supported.
 */
export async function loadTracing(
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
  log: Logger,
): Promise<Tracing | undefined> {
  const settings = readTracingSettings(environment);
  if (!settings) return undefined;
  const { startTracing } = await import('./open-telemetry.js');
  return startTracing(settings, version, log);
}
