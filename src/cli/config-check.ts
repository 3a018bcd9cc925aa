import type { Command } from 'commander';
import { ConfigError, findSettingWarnings, readConfig } from '../config/config.js';
import { describeSettings } from '../config/settings-in-force.js';
import { findTracingError } from '../observability/load-tracing.js';
import { findMailWarnings } from '../server/mail-warnings.js';
import type { Project } from '../server/project.js';
import { addAction, type Output } from './command-output.js';
import { examineDatabase, type DatabaseState } from './database-state.js';
import { FoundError } from './exit-codes.js';
import type { CommandContext } from './installation-command.js';
import type { Launcher } from './launcher.js';

interface ShownSettings {
  readonly onlyChanged: boolean;
  readonly settingsFile: string | undefined;
}

export function addConfigCommands(
  program: Command,
  { loadProject, settingsFile }: Pick<Launcher<Project>, 'loadProject' | 'settingsFile'>,
  context: CommandContext,
): void {
  const config = program.command('config').description('the settings');
  addAction(
    config
      .command('check')
      .description(
        'print each setting in force, and all that is wrong with them and the database; starts and writes nothing',
      )
      .option('--changed', 'only settings that differ from their default'),
    async (output, { changed = false }: { readonly changed?: boolean }) =>
      checkConfig(output, context, await loadProject(), { onlyChanged: changed, settingsFile }),
  );
}

/**
 * @throws {ConfigError} for wrong settings, those of traces included; {StartError} where the database cannot be used with
 *   this version; {FoundError} where the service would not start for another reason.
 */
async function checkConfig(
  output: Output,
  { environment }: CommandContext,
  project: Pick<Project, 'migrations'>,
  { onlyChanged, settingsFile }: ShownSettings,
): Promise<void> {
  const shown = describeSettings(environment, settingsFile).filter(
    ({ from }) => !onlyChanged || from !== 'default',
  );
  const { config, errors: wrongSettings } = tryReadConfig(environment);
  const tracingError = await findTracingError(environment);
  const errors = [...wrongSettings, ...(tracingError === undefined ? [] : [tracingError])];
  const settingWarnings = findSettingWarnings(environment);
  const mailWarnings = config ? findMailWarnings(config) : [];
  const examined = config && (await examineDatabase(config, project));
  output.print(
    {
      settings: shown,
      errors,
      warnings: [...settingWarnings, ...mailWarnings],
      ...(examined && { database: examined.state }),
    },
    [
      ...formatSettings(shown),
      '',
      // With errors, `printError` prints those of settings.
      ...[...(errors.length > 0 ? [] : settingWarnings), ...mailWarnings].map(
        (warning) => `Warning: ${warning}`,
      ),
      ...(examined ? [describeState(examined.state)] : []),
      ...(errors.length > 0 || (examined && (examined.error ?? examined.state.error) !== undefined)
        ? []
        : ['The settings are right.']),
    ].join('\n'),
  );
  if (errors.length > 0) throw new ConfigError(errors);
  if (examined?.error !== undefined) throw examined.error;
  if (examined?.state.error !== undefined) throw new FoundError(examined.state.error);
}

function tryReadConfig(environment: CommandContext['environment']) {
  try {
    return { config: readConfig(environment, 'service'), errors: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { errors: error.errors };
    throw error;
  }
}

function formatSettings(shown: ReturnType<typeof describeSettings>): string[] {
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  return shown.map(({ name, value, otherwise, from }) => {
    const text = otherwise === undefined ? (value ?? 'not set') : `${value ?? 'not set'} (${otherwise})`;
    return `${name.padEnd(width)}  ${text}  [${from}]`;
  });
}

function describeState({ kind, reachable, version, pending, note }: DatabaseState): string {
  const words = [`The database is ${kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}`];
  if (version !== undefined) words.push(` ${version}`);
  words.push(reachable ? ', and can be used.' : ', and cannot be used.');
  if (pending !== undefined && pending.length > 0) {
    words.push(
      ` ${pending.length} migrations are pending, which the next start runs: ${pending.join(', ')}.`,
    );
  }
  if (note !== undefined) words.push(` ${note}`);
  return words.join('');
}
