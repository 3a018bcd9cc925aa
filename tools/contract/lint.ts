// What linters have against the contract, beside what the build itself refuses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createConfig, lint } from '@redocly/openapi-core';
import { root } from '../../bin/sources.js';
import type * as spectralCore from '@stoplight/spectral-core';
import type * as spectralParsers from '@stoplight/spectral-parsers';
import { exceptions, type Exception } from './lint-exceptions.ts';
import { ownFindings, type LintFinding, type OpenApiDocument } from './own-rules.ts';

// CommonJS packages, whose own resolution of one another ends in the files that they were tested with.
const require = createRequire(import.meta.url);
const { Document, Spectral } = require('@stoplight/spectral-core') as typeof spectralCore;
const { Json } = require('@stoplight/spectral-parsers') as typeof spectralParsers;
const { oas } = require('@stoplight/spectral-rulesets') as { oas: object };
const owasp = require('@stoplight/spectral-owasp-ruleset') as object;

const contract = {
  '3.0': join(root, 'generated/openapi.json'),
  '3.1': join(root, 'dist/contract/openapi-3.1.json'),
};

/**
 * @param files the contract in OpenAPI 3.0 and 3.1, as JSON.
 * @returns every finding that no exception covers, and every exception that covers none: a line each.
 */
export async function lintContract(files = contract): Promise<string[]> {
  const found = [
    ...(await redocly(files['3.0'])),
    ...(await spectral(files['3.0'], oas, owasp)),
    ...in31(await redocly(files['3.1'])),
    ...in31(await spectral(files['3.1'], oas)),
    ...ownFindings(JSON.parse(readFileSync(files['3.0'], 'utf8')) as OpenApiDocument),
  ];
  const used = new Set<Exception>();
  const open = found.filter(({ rule, where }) => {
    const exception = exceptions.find(
      (each) => each.rule === rule && (!each.where || each.where.test(where)),
    );
    if (exception) used.add(exception);
    return !exception;
  });
  return [
    ...open.map(({ rule, where, message }) => `${where}: ${message} (${rule})`),
    ...exceptions
      .filter((exception) => !used.has(exception))
      .map(
        ({ rule, where }) =>
          `tools/contract/lint-exceptions.ts: ${rule} at ${String(where)} finds nothing. Take it out.`,
      ),
  ];
}

function in31(findings: readonly LintFinding[]): LintFinding[] {
  return findings.map((finding) => ({ ...finding, where: `3.1:${finding.where}` }));
}

async function redocly(file: string): Promise<LintFinding[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lint({ ref: file, config });
  return problems.map(({ ruleId, message, location }) => ({
    rule: ruleId,
    where: (location[0]?.pointer ?? '').replace(/^#/, '').replaceAll('~1', '/').replace('//', '/'),
    message,
  }));
}

async function spectral(file: string, ...rulesets: readonly object[]): Promise<LintFinding[]> {
  const linter = new Spectral();
  linter.setRuleset({
    extends: rulesets.map((ruleset) => [ruleset as spectralCore.RulesetDefinition, 'recommended']),
    rules: {},
  });
  const problems = await linter.run(new Document(readFileSync(file, 'utf8'), Json, file));
  return problems.map(({ code, message, path }) => ({
    rule: String(code),
    where: `/${path.join('/')}`.replace('//', '/'),
    message,
  }));
}
