import type { OpenProject } from './open-project.js';
import type { Services } from './services.js';

const cleanUpInterval = 10 * 60_000;
const flushInterval = 60_000;
/** Milliseconds that a row of the audit waits to be chained, at most. */
const chainInterval = 200;
/** Milliseconds that a chained row of the audit waits to be sent, at most. */
const auditInterval = 500;
/** So that a probe and the metrics can say since when. */
const readinessInterval = 5000;
/** Milliseconds that a message waits to be sent, at most. */
const mailInterval = 1000;
/** Milliseconds between heartbeats on revocation streams. */
const heartbeatInterval = 1000;

/** Work in the background: its name in the metrics, and in messages that continue with "failed". */
interface Task {
  readonly job: string;
  readonly what: string;
  readonly work: () => Promise<void>;
}

/** Deletes expired rows, writes uses of sessions, chains the audit, sends messages and heartbeats. */
export function startBackgroundTasks(services: Services, project: OpenProject): void {
  const { cleanUp, database, finishChanges, jobs, lifecycle, readiness, sessionUses, revocationFeed } =
    services;
  const { auditChain, auditCounts } = services;
  const { auditOutputs, auditStream, outboxWorker } = services;
  const runAndLogErrors = async ({ job, what, work }: Task): Promise<void> => {
    try {
      await jobs.run(job, work);
      database.outages.recordRecovery(what);
    } catch (error) {
      // Shutdown interrupts work in batches, which continues after the next start.
      if (!lifecycle.stopping) database.outages.recordFailure(what, error, {}, 'error');
    }
  };
  /** Skips a run while the previous one is still in progress. */
  const repeat = (every: number, task: Task): void => {
    let isRunning = false;
    jobs.add(task.job);
    setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      void runAndLogErrors(task).finally(() => (isRunning = false));
    }, every).unref();
  };
  void runAndLogErrors({
    job: 'finish_changes',
    what: 'finishing what was interrupted',
    work: finishChanges,
  });
  repeat(cleanUpInterval, { job: 'clean_up', what: 'cleaning up', work: cleanUp });
  repeat(cleanUpInterval, {
    job: 'project_clean_up',
    what: "the project's cleaning up",
    work: project.cleanUp,
  });
  repeat(flushInterval, {
    job: 'write_session_uses',
    what: 'writing when sessions were used',
    work: () => sessionUses.flush(),
  });
  repeat(flushInterval, {
    job: 'write_audit_counts',
    what: 'writing to the audit what was counted',
    work: () => auditCounts.flush(),
  });
  repeat(chainInterval, {
    job: 'chain_audit',
    what: 'chaining the rows of the audit',
    work: () => auditChain.run(),
  });
  // Each by itself: one that is slow, or does not respond, holds up no other.
  for (const work of auditOutputs.runs)
    repeat(auditInterval, { job: 'send_audit', what: 'sending the audit to its receivers', work });
  repeat(auditInterval, {
    job: 'stream_audit',
    what: 'streaming the audit',
    work: () => auditStream.poll(),
  });
  repeat(mailInterval, {
    job: 'send_mail',
    what: 'sending messages',
    work: () => outboxWorker.run(),
  });
  repeat(readinessInterval, {
    job: 'check_readiness',
    what: 'looking whether the service is ready',
    work: async () => {
      await readiness.check();
    },
  });
  setInterval(() => {
    revocationFeed.sendHeartbeats();
  }, heartbeatInterval).unref();
}
