import type { RequestHandler } from 'express';
import type { DatabaseObserver } from '../database/database-observers.js';
import type { CoreUse } from '../passwords/passwords.js';
import { readTracingSettings } from './tracing-settings.js';

/** Traces of a process. Nothing of OpenTelemetry is loaded by this file. */
export interface Tracing {
  /** Begins a span for each request, in whose context the rest runs. */
  readonly middleware: RequestHandler;
  /** @param system by its name in OpenTelemetry. */
  createDatabaseObserver(system: 'sqlite' | 'postgresql'): DatabaseObserver;
  onPasswordCheck(use: CoreUse): void;
  /** Sends what was not sent yet. */
  stop(): Promise<void>;
}

interface TracedServices {
  readonly database: {
    readonly dialect: 'sqlite' | 'postgres';
    observe(observer: DatabaseObserver): void;
    beforeClose(end: () => Promise<void>): void;
  };
  readonly passwords: { observe(observer: (use: CoreUse) => void): void };
}

/**
 * Loads OpenTelemetry, where its standard variables ask for traces.
 * @param version of the service.
 * @throws {StartError} where they ask for what there is not.
 */
export async function loadTracing(
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): Promise<Tracing | undefined> {
  const settings = readTracingSettings(environment);
  if (!settings) return undefined;
  const { startTracing } = await import('./open-telemetry.js');
  return startTracing(settings, version);
}

export function traceServices(tracing: Tracing, { database, passwords }: TracedServices): void {
  database.observe(tracing.createDatabaseObserver(database.dialect === 'postgres' ? 'postgresql' : 'sqlite'));
  passwords.observe((use) => {
    tracing.onPasswordCheck(use);
  });
  database.beforeClose(() => tracing.stop());
}
