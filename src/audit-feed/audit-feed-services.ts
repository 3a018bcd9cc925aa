import type { Logger } from 'pino';
import { AuditLists } from '../audit/audit-lists.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import { AuditStream } from './audit-stream.js';
import { createAuditOutputs, type AuditOutputs } from './outputs/audit-outputs.js';

export interface AuditFeedServices {
  readonly auditLists: AuditLists;
  /** Sends the audit to readers. */
  readonly auditStream: AuditStream;
  /** Sends the audit to the receivers of the settings. */
  readonly auditOutputs: AuditOutputs;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly revocations: Revocations;
  /** Of Latchkey. */
  readonly version: string;
}

export function createAuditFeedServices(dependencies: Dependencies, config: Config): AuditFeedServices {
  const { database, clock, revocations } = dependencies;
  return {
    auditLists: new AuditLists(database),
    auditStream: new AuditStream(database, clock, revocations, {
      maxReaders: config.auditStreams,
      leeway: config.decodeLeeway,
    }),
    auditOutputs: createAuditOutputs(dependencies, config),
  };
}
