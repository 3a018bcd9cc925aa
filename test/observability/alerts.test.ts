import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import repository from '../../src/project.js';
import { openContract } from '../../src/server/open-project.js';
import { listOperations } from '../../src/contract/read-contract.js';
import { metricDefinitions, type MetricDefinition } from '../../src/observability/metric-definitions.js';
import { checkout } from '../support/checkout.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const folder = join(checkout, 'deploy/grafana');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const { groups } = parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('dashboard.json')) as Dashboard;

/** The names of exported series: a histogram has three. */
const series = new Map(
  Object.values<MetricDefinition>(metricDefinitions).flatMap(({ name, type, labels = [] }) =>
    (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map(
      (end) => [`${name}${end}`, [...labels, ...(end === '_bucket' ? ['le'] : [])]] as const,
    ),
  ),
);
/** Prometheus adds these to each series. */
const targetLabels = ['instance', 'job'];

/** What is wrong with the metrics and labels that an expression names. */
function findUnknown(expression: string): string[] {
  const selectors = [...expression.matchAll(/\b((?:latchkey|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)];
  return selectors.flatMap(([, name = '', matchers = '']) => {
    const labels = series.get(name);
    if (!labels) return [name];
    return [...matchers.matchAll(/(\w+)(?==|!=|=~|!~)/g)]
      .map(([, label = '']) => label)
      .filter((label) => ![...labels, ...targetLabels].includes(label))
      .map((label) => `${name}{${label}}`);
  });
}

describe('deploy/grafana', () => {
  it('names metrics and labels in its alerts that the service exports', () => {
    expect(rules).to.have.length.above(10);
    expect(rules.flatMap(({ expr }) => findUnknown(expr))).to.deep.equal([]);
  });

  it('names metrics and labels on its dashboard that the service exports, and leaves few out', () => {
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions).to.have.length.above(20);
    expect(expressions.flatMap(findUnknown)).to.deep.equal([]);
    const shown = [...expressions, ...rules.map(({ expr }) => expr)].join('\n');
    const missing = Object.values(metricDefinitions)
      .map(({ name }) => name)
      .filter((name) => !shown.includes(name));
    expect(missing).to.have.members([
      'latchkey_info',
      'latchkey_token_cache_tokens',
      'latchkey_job_last_success_timestamp_seconds',
      'process_start_time_seconds',
    ]);
  });

  it('has panels with an id and a title each', () => {
    expect(new Set(panels.map(({ id }) => id))).to.have.property('size', panels.length);
    for (const { title } of panels) expect(title).not.to.be.empty;
  });

  it('names operations of the contract', () => {
    const ids = listOperations(openContract(repository).document).map(({ operationId }) => operationId);
    const named = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/operation!~"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|')),
    );
    expect(named).not.to.be.empty;
    expect(named.filter((name) => !ids.includes(name))).to.deep.equal([]);
  });

  it('has a runbook for each alert, and no other', () => {
    const pages = rules.map(({ annotations }) => annotations.runbook_url);
    for (const { alert, annotations } of rules) {
      const text = readFileSync(join(checkout, annotations.runbook_url), 'utf8');
      expect(text.startsWith(`# ${alert}\n`), alert).to.equal(true);
    }
    const files = readdirSync(join(checkout, 'docs/runbooks')).filter((file) => file !== 'README.md');
    expect(files.map((file) => `docs/runbooks/${file}`)).to.have.members(pages);
  });

  it('has alerts that promtool accepts, and that fire when they should', function () {
    const run = (...words: readonly string[]) =>
      spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' });
    if (run('--version').error) this.skip(); // promtool is not on this machine
    for (const words of [
      ['check', 'rules', 'alerts.yml'],
      ['test', 'rules', 'alerts-test.yml'],
    ]) {
      const { status, stdout, stderr } = run(...words);
      expect(status, stdout + stderr).to.equal(0);
    }
  });
});
