import type { RequestHandler } from 'express';
import type { DatabaseObserver } from '../database/database-observers.js';
import type { CoreUse } from '../passwords/passwords.js';

/** Traces of a process. Nothing of OpenTelemetry is loaded by this file. */
export interface Tracing {
  /** Begins a span for each request, in whose context the rest runs. */
  readonly middleware: RequestHandler;
  /** @param system by its name in OpenTelemetry. */
  createDatabaseObserver(system: 'sqlite' | 'postgresql'): DatabaseObserver;
  onPasswordCheck(use: CoreUse): void;
  /** What each line of the log has that is written in a request. */
  getLogFields(): Readonly<Record<string, string>>;
  /** Sends what was not sent yet, if the collector takes it soon. */
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

export function traceServices(tracing: Tracing, { database, passwords }: TracedServices): void {
  database.observe(tracing.createDatabaseObserver(database.dialect === 'postgres' ? 'postgresql' : 'sqlite'));
  passwords.observe((use) => {
    tracing.onPasswordCheck(use);
  });
  database.beforeClose(() => tracing.stop());
}
