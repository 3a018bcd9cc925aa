import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config/config.js';
import type { Database } from '../../database/database.js';
import { AuditOutput, type AuditSender, type OutputLag, type OutputProgress } from './audit-output.js';
import { createSyslogSender } from './syslog.js';
import { createWebhookSender } from './webhook.js';

/** Sends the audit to the receivers of the settings. */
export interface AuditOutputs {
  /** Each sends what there is for one receiver, and resolves when that is done. To be called several times a second. */
  readonly runs: readonly (() => Promise<void>)[];
  /** Interrupts what is being sent, and lets another replica send it. */
  readonly stop: () => Promise<void>;
  /** How far each receiver is, without a look into the database. */
  readonly progress: readonly OutputProgress[];
  /** How far each receiver is behind. */
  readonly findLags: () => Promise<OutputLag[]>;
  /** Logs which receivers do not take what is sent: the retention does not wait for them. */
  readonly reportLags: () => Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of Latchkey. */
  readonly version: string;
}

export function createAuditOutputs(dependencies: Dependencies, config: Config): AuditOutputs {
  const { database, clock, log } = dependencies;
  const outputs = createSenders(dependencies, config).map(
    (sender) => new AuditOutput(database, clock, log, sender),
  );
  const runOnEach = async <T>(work: (output: AuditOutput) => Promise<T>): Promise<T[]> => {
    // Each is finished, whatever happens to the others.
    const results = await Promise.allSettled(outputs.map(work));
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  };
  const findLags = (): Promise<OutputLag[]> => runOnEach((output) => output.findLag());
  return {
    runs: outputs.map((output) => () => output.run()),
    stop: async () => {
      await runOnEach((output) => output.stop());
    },
    get progress() {
      return outputs.map((output) => output.progress);
    },
    findLags,
    reportLags: async () => {
      for (const { name, rows, failures } of await findLags()) {
        if (failures === 0) continue;
        log.warn(
          { event: 'audit_output_behind', output: name, rows, failures },
          'a receiver of the audit is behind, and does not get the rows that the retention deletes meanwhile',
        );
      }
    },
  };
}

function createSenders({ clock, version }: Dependencies, config: Config): AuditSender[] {
  const { auditWebhookUrl: url, auditWebhookSecret: secrets, auditSyslog: receiver } = config;
  return [
    ...(url === undefined ? [] : [createWebhookSender({ url, secrets }, clock)]),
    ...(receiver === undefined
      ? []
      : [
          createSyslogSender({
            receiver,
            format: config.auditSyslogFormat,
            framing: config.auditSyslogFraming,
            version,
          }),
        ]),
  ];
}
