import { auditEvents, type EventDefinition } from '../audit/audit-events.js';
import type { Command } from 'commander';
import { getFileVariable } from '../config/secret-files.js';
import { settings } from '../config/settings.js';
import { metricDefinitions, type MetricDefinition } from '../observability/metric-definitions.js';
import { exitCodes } from './exit-codes.js';
import { flattenCommands, formatTerm } from './help.js';
import { problemCodes } from '../problems/problem-codes.js';

export function createSettingsTable(): string {
  const rows = Object.values(settings).map((setting) => {
    const { name } = setting;
    const doc = 'secret' in setting ? `${setting.doc} Also as \`${getFileVariable(name)}\`.` : setting.doc;
    const words = 'defaultInWords' in setting ? setting.defaultInWords : undefined;
    const value = 'default' in setting ? setting.default : undefined;
    return `| \`${name}\` | ${words ?? (value === undefined ? 'none' : `\`${value}\``)} | ${doc} |`;
  });
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}

export function createProblemTable(): string {
  const rows = Object.entries(problemCodes)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, detail }]) => `| ${status} | \`${code}\` | ${detail.replaceAll('<', '\\<')} |`);
  return ['| status | code | detail |', '| --- | --- | --- |', ...rows].join('\n');
}

export function createEventsTable(): string {
  const rows = Object.entries<EventDefinition>(auditEvents).map(
    ([event, { target, doc, details }]) => `| \`${event}\` | ${target ?? ''} | ${doc} | ${details ?? ''} |`,
  );
  return ['| event | target | what happened | details |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

export function createMetricsTable(): string {
  const rows = Object.values<MetricDefinition>(metricDefinitions).map(
    ({ name, type, labels = [], help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return ['| metric | type | labels | what it tells |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** All commands, in the order of `latchkey help`. */
export function createCommandsTable(program: Command): string {
  const rows = flattenCommands(program).map((command) => {
    const options = command.options
      .filter(({ long }) => long !== '--json')
      .map(({ flags }) => `\`${escapeCell(flags)}\``);
    return `| \`${escapeCell(formatTerm(command))}\` | ${escapeCell(command.description())} | ${options.join(', ')} |`;
  });
  return ['| command | what it does | options |', '| --- | --- | --- |', ...rows].join('\n');
}

export function createExitCodesTable(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  return ['| exit code | meaning |', '| --- | --- |', ...rows].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
