import { Option, type Command } from 'commander';
import { auditEvents } from '../audit/audit-events.js';
import type { AuditFilter, AuditOrder } from '../audit/audit-list.store.js';
import type { AuditReport } from '../audit/verify-audit.js';
import { toAuditEntry, toIso } from '../audit-feed/audit-entry.js';
import type { AuditEntry } from '../audit-feed/audit.models.js';
import type { Services } from '../server/services.js';
import { addAction, type Output } from './command-output.js';
import { FoundError } from './exit-codes.js';
import type { WithInstallation } from './installation-command.js';
import { readPages } from './pages.js';
import { createProgress } from './progress.js';
import { parseCount, parseTimeOption } from './time-option.js';

interface Period {
  readonly from?: string;
  readonly to?: string;
}

interface ListOptions extends Period {
  readonly event?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly address?: string;
  readonly limit: number;
  readonly oldestFirst?: boolean;
}

const timeForms = '2026-11-29, 2026-11-29T20:00Z, or how long ago, such as 30m, 12h or 7d';

export function addAuditCommands(program: Command, withInstallation: WithInstallation): void {
  const audit = program.command('audit').description('who did what, when, and from where');
  addAction(
    addPeriod(
      audit
        .command('list')
        .description('list what happened, newest first')
        .addOption(
          new Option('--event <name>', 'what happened, as docs/audit.md names it').choices(
            Object.keys(auditEvents),
          ),
        )
        .option('--actor <who>', 'who did it: a username, an id, or a system user who ran a command')
        .option('--target <what>', 'what it happened to: a username, an id, or a role')
        .option('--address <ip>', 'the IP address it came from')
        .option('--limit <count>', 'how many at most', parseCount, 50)
        .option('--oldest-first', 'the oldest first'),
    ),
    (output, options: ListOptions) => withInstallation((services) => listAudit(services, output, options)),
  );
  addAction(
    addPeriod(
      audit
        .command('export')
        .description('print the audit in the order of its chain, one JSON object in each line (NDJSON)'),
    ),
    (output, options: Period) => withInstallation((services) => exportAudit(services, output, options)),
  );
  addAction(
    audit
      .command('verify')
      .description('check that no row was changed or is missing, and name the first one that is'),
    (output) => withInstallation((services) => verifyAudit(services, output)),
  );
}

function addPeriod(command: Command): Command {
  return command
    .option('--from <time>', `the first time: ${timeForms}`)
    .option('--to <time>', 'the first time after those');
}

async function listAudit(services: Services, output: Output, options: ListOptions): Promise<void> {
  const { limit, oldestFirst = false, event, address } = options;
  const order: AuditOrder = oldestFirst ? 'oldest' : 'newest';
  const filter: AuditFilter = {
    event,
    address,
    actor: await findId(services, options.actor),
    target: await findId(services, options.target),
    ...readPeriod(services, options),
  };
  const rows = readPages((max, after) =>
    services.auditLists.list({ ...filter, order, limit: Math.min(max, limit), after }),
  );
  await output.printList(take(rows, limit), {
    toJson: toAuditEntry,
    columns: {
      time: ({ at }) => toIso(at),
      event: ({ event: name }) => name,
      count: ({ count }) => String(count),
      actor: ({ actor_kind: kind, actor_name: name, actor_id: id }) =>
        kind === 'service' ? 'the service' : describeOne(kind, name ?? id),
      target: ({ target_kind: kind, target_name: name, target: id }) => describeOne(kind, name ?? id),
      address: ({ address: from }) => from ?? '',
      details: ({ details }) => details ?? '',
    },
    empty: 'There is nothing like that in the audit.',
  });
}

/** The id of the user of that name; what no user is called is an id, a role or a system user itself. */
async function findId({ users }: Services, named: string | undefined): Promise<string | undefined> {
  if (named === undefined) return undefined;
  return (await users.findByName(named))?.id ?? named;
}

async function exportAudit(services: Services, output: Output, period: Period): Promise<void> {
  // Where no service runs, nothing else gives the last rows their places.
  await services.auditChain.run();
  await output.printLines(toEntries(services.auditLists.readChain(readPeriod(services, period))));
}

async function* toEntries(rows: ReturnType<Services['auditLists']['readChain']>): AsyncGenerator<AuditEntry> {
  for await (const row of rows) yield toAuditEntry(row);
}

/** @throws {FoundError} */
async function verifyAudit(services: Services, output: Output): Promise<void> {
  const progress = createProgress({ unit: 'rows' });
  const report = await services.verifyAudit({ onProgress: progress.update }).finally(progress.end);
  const { error, rows, seals, after, last, since, unchained, notes } = report;
  const said = [
    ...notes,
    ...(unchained > 0 ? [`Rows that wait for their places in the chain: ${unchained}.`] : []),
  ];
  if (error === undefined) said.unshift(describeChain(report));
  if (output.isJson || said.length > 0) {
    output.print(
      {
        ok: error === undefined,
        ...(error && { error }),
        ...{ rows, seals, after, last },
        ...(since !== undefined && { since: toIso(since) }),
        ...{ unchained, notes },
      },
      said.join('\n'),
    );
  }
  if (error) throw new FoundError(`The audit is not whole. ${error.message}`);
}

function describeChain({ rows, seals, after, last, since = 0 }: AuditReport): string {
  return rows === 0
    ? 'No row is chained.'
    : `The audit is whole: rows ${after + 1} to ${last}, since ${toIso(since)}, and the seals of ${seals} days.`;
}

function readPeriod({ clock }: Services, { from, to }: Period): Pick<AuditFilter, 'from' | 'to'> {
  return { from: parseTimeOption('--from', from, clock), to: parseTimeOption('--to', to, clock) };
}

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

function describeOne(kind: string | null, name: string | null): string {
  return [kind, name].filter((word) => word !== null).join(' ');
}
