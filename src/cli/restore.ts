import { existsSync, realpathSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { pino } from 'pino';
import { auditStore } from '../audit/audit.store.js';
import { readConfig, type Config } from '../config/config.js';
import { removeBackupMark } from '../database/backup-mark.js';
import { claimSqlite } from '../database/sqlite-claim.js';
import { findOwnFile, isSameFile } from '../database/own-files.js';
import { refuseLeftoverLog, StagedFile } from '../database/staged-file.js';
import { getFileInUseMessage, openInstallation } from '../server/installation.js';
import type { Project } from '../server/project.js';
import type { Services } from '../server/services.js';
import { readIssuedBefore } from '../sessions/issued-before.js';
import { StartError } from '../start-error.js';
import { readSecret } from './command-database.js';
import { addAction, type Output } from './command-output.js';
import { placeholderIssuer, type CommandContext } from './installation-command.js';
import { operator } from './operator.js';
import { listRestoreSteps } from './postgres-tools.js';
import { createProgress } from './progress.js';
import { describeEnd, endWithProgress } from './sessions.js';

interface RestoreOptions {
  readonly keepSessions?: boolean;
  readonly dryRun?: boolean;
}

interface RestoredFiles {
  readonly staged: StagedFile;
  readonly backup: string;
  /** What the staged file takes the place of; it need not be there. */
  readonly target: string;
}

export function addRestoreCommand(
  program: Command,
  loadProject: () => Promise<Project>,
  context: CommandContext,
): void {
  addAction(
    program
      .command('restore')
      .description(
        'put a backup in the place of the SQLite database, and end every session; on PostgreSQL print what to run',
      )
      .argument('<file>', 'what latchkey backup has made')
      .option('--keep-sessions', 'end no session: those that were ended after the backup are live again')
      .option('--dry-run', 'check the backup, and replace nothing'),
    async (output, file: string, options: RestoreOptions) =>
      new Restore(output, context, await loadProject(), options).run(file),
  );
}

class Restore {
  readonly #steps: string[] = [];

  constructor(
    private readonly output: Output,
    private readonly context: CommandContext,
    private readonly project: Project,
    private readonly options: RestoreOptions,
  ) {}

  /** @throws {StartError} where it is refused or fails; then the database is what it was. */
  async run(backup: string): Promise<void> {
    const { environment } = this.context;
    const config = { ...readConfig(environment), databaseWait: 0 };
    const { databaseUrl } = config;
    if (databaseUrl.kind === 'postgres') throw new StartError(listRestoreSteps(environment, backup));
    if (databaseUrl.file === ':memory:') throw new StartError('A database in memory cannot be restored.');
    const target = existsSync(databaseUrl.file) ? realpathSync(databaseUrl.file) : databaseUrl.file;
    assertBackupFile(backup, [target, databaseUrl.file]);
    const secret = readSecret(config);
    if (secret === undefined) {
      throw new StartError(
        `There is no secret to open the keys of the backup: put ${databaseUrl.file}.secret back first, or set LATCHKEY_SECRET.`,
      );
    }
    const holder = claimSqlite(target, 'restore');
    if (holder) throw new StartError(`${getFileInUseMessage(holder, target)} Nothing was replaced.`);
    refuseLeftoverLog(target);
    const staged = new StagedFile(target);
    try {
      await this.#fill(staged, backup);
      const done = await this.#prepare({ ...config, secret }, { staged, backup, target });
      if (this.options.dryRun === true) {
        this.#finish({ restored: false, backup }, 'The backup can be restored. Nothing was replaced.');
        return;
      }
      refuseLeftoverLog(target);
      const kept = staged.replaceTarget(new Date(this.context.clock.now()));
      this.#finish(
        { restored: true, backup, database: target, ...(kept !== undefined && { replaced: kept }), ...done },
        `${target} is the backup now.${kept === undefined ? '' : ` What was there before is ${kept}: remove it when nothing of it is needed.`} Start the service, at first where only you can reach it, and repeat what was done since the backup (docs/restore.md).`,
      );
    } finally {
      staged.remove();
    }
  }

  async #fill(staged: StagedFile, backup: string): Promise<void> {
    const total = statSync(backup).size;
    const progress = createProgress({ unit: 'bytes' });
    try {
      await staged.fill(backup, (bytes) => {
        progress.update(bytes, total);
      });
    } finally {
      progress.end();
    }
    staged.assertSound();
    this.#say(`${backup} is sound: ${total} bytes, a database of Latchkey.`);
  }

  /** Makes the copy a database that a service may start on, before it is one. */
  async #prepare(config: Config, files: RestoredFiles): Promise<object> {
    const services = await openInstallation(
      { ...config, databaseUrl: { kind: 'sqlite', file: files.staged.path } },
      this.context.clock,
      pino({ level: 'silent' }),
      config.issuer ?? placeholderIssuer,
      this.project,
    );
    try {
      this.#say('The secret opens its keys, and its migrations have run.');
      if (this.options.dryRun === true) return {};
      return await this.#endSessions(services, config, files);
    } finally {
      await services.database.close();
    }
  }

  async #endSessions(services: Services, config: Config, { backup, target }: RestoredFiles): Promise<object> {
    const { database, clock } = services;
    const details = { backup, sessions_kept: this.options.keepSessions === true };
    await auditStore.add(database.queries, clock, { event: 'database_restored', actor: operator, details });
    if (this.options.keepSessions === true) {
      await removeBackupMark(database.queries, database.dialect);
      this.#say(
        'Its sessions are kept, as --keep-sessions says: sessions, tokens and passwords that were ended or changed after the backup live again.',
      );
      return { sessions_kept: true };
    }
    const issuedBefore = existsSync(target) ? readIssuedBefore(target, clock.now()) : undefined;
    const { document, text } = describeEnd(await endWithProgress(services, issuedBefore), config);
    this.#say(text);
    return document;
  }

  #say(step: string): void {
    this.#steps.push(step);
    if (!this.output.isJson) this.output.print({}, step);
  }

  #finish(document: object, text: string): void {
    this.output.print({ ...document, steps: this.#steps }, text);
  }
}

/** @param targets paths of the database that is replaced: what belongs to it is beside each. */
function assertBackupFile(backup: string, targets: readonly string[]): void {
  if (statSync(backup, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new StartError(`The backup ${backup} does not exist, or is not a file.`);
  }
  if (targets.some((target) => isSameFile(backup, target))) {
    throw new StartError(`${backup} is the database itself. Name a backup: what latchkey backup has made.`);
  }
  const own = targets.map((target) => findOwnFile(target, backup)).find((file) => file !== undefined);
  if (own !== undefined) {
    throw new StartError(
      `${backup} has the name of a file that belongs to the database, ${own}, and would be overwritten or removed with it. Move it to another name, and restore that. Nothing was changed.`,
    );
  }
  if ((statSync(`${backup}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new StartError(
      `Beside ${backup} there is ${backup}-wal: it is no backup, but a copy of a database in use, and is not whole without that log. Make a backup of it: DATABASE_URL=sqlite:${backup} npx latchkey backup <file>`,
    );
  }
}
