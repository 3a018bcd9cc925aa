// Lints the contract with Redocly, Spectral and the rules of own-rules.ts; the build itself refuses more.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConfig, lint } from '@redocly/openapi-core';
import type * as spectralCore from '@stoplight/spectral-core';
import type * as spectralParsers from '@stoplight/spectral-parsers';
import { exceptions, type Exception } from './lint-exceptions.ts';
import type { Sources } from './check-controllers.ts';
import { Places } from './lint-places.ts';
import { describeFinding } from './lint-words.ts';
import { findOwnFindings, type LintFinding, type OpenApiDocument } from './own-rules.ts';

// CommonJS packages: required, they load the same files of one another that they were tested with.
const require = createRequire(import.meta.url);
const { Document, Spectral } = require('@stoplight/spectral-core') as typeof spectralCore;
const { Json } = require('@stoplight/spectral-parsers') as typeof spectralParsers;
const { oas } = require('@stoplight/spectral-rulesets') as { oas: Ruleset };
const owasp = require('@stoplight/spectral-owasp-ruleset') as Ruleset;

interface Ruleset {
  readonly rules: Readonly<Record<string, { readonly given: string | readonly string[] }>>;
}

/**
 * Rules of Redocly that Spectral has as well, for 3.0 and 3.1. Each linter has rules that the other lacks, so both are
 * used; of two equal rules, one is switched off.
 */
const duplicatesInRedocly = [
  'no-duplicated-enum-values',
  'no-duplicated-tag-names',
  'no-empty-servers',
  'no-enum-type-mismatch',
  'no-example-value-and-externalValue',
  'no-identical-paths',
  'no-path-trailing-slash',
  'no-server-trailing-slash',
  'no-server-variables-empty-enum',
  'no-undefined-server-variable',
  'no-unsafe-markdown',
  'operation-2xx-response',
  'operation-4xx-response',
  'operation-operationId',
  'operation-operationId-unique',
  'operation-operationId-url-safe',
  'operation-parameters-unique',
  'path-declaration-must-exist',
  'path-not-include-query',
  'path-parameters-defined',
];

/** Switches off rules of Spectral that Redocly has as well: unused components, and examples of media types outside headers. */
function switchOffDuplicates(): Record<string, unknown> {
  const rule = oas.rules['oas3-valid-media-example'];
  const given = [rule?.given ?? []].flat().filter((path) => path.includes('headers'));
  return { 'oas3-unused-component': 'off', 'oas3-valid-media-example': { ...rule, given } };
}

const aboutPublicOperations = [
  'owasp:api2:2023-read-restricted',
  'owasp:api2:2023-write-restricted',
  'owasp:api8:2023-define-error-responses-401',
];

/** The contract in OpenAPI 3.0 and 3.1, as JSON. */
type ContractFiles = Readonly<Record<'3.0' | '3.1', string>>;

export interface ReportOptions {
  readonly files: ContractFiles;
  /** The sources that it is made of. */
  readonly sources: Sources;
  /** Whether a file is part of the project rather than of Latchkey. */
  readonly isBuilders?: (file: string) => boolean;
  /** Whether only the project's part is linted, as in a project that has the rest from a package. */
  readonly isProject?: boolean;
}

/** What the linters find, whatever is made of it. */
export async function runLinters(files: ContractFiles): Promise<LintFinding[]> {
  return [
    ...(await lintWithRedocly(files['3.0'])),
    ...(await lintWithSpectral(files['3.0'], [oas, owasp])),
    ...markAs31(await lintWithRedocly(files['3.1'])),
    ...markAs31(await lintWithSpectral(files['3.1'], [oas])),
  ];
}

/**
 * @param linted what the linters have found
 * @returns every finding that no exception covers, own rules' included, and every exception that covers none: a line each,
 *   with the file and the line in the sources where it is in these.
 */
export function reportFindings(
  linted: readonly LintFinding[],
  { files, sources, isBuilders = () => false, isProject = false }: ReportOptions,
): string[] {
  const document = JSON.parse(readFileSync(files['3.0'], 'utf8')) as OpenApiDocument;
  const places = new Places(document, sources);
  const found = [
    ...linted,
    // The rules about secret columns concern Latchkey's own models.
    ...findOwnFindings(document, (model) => {
      const at = places.find(`/components/schemas/${model}`)?.at;
      return !isProject && !(at !== undefined && isBuilders(at.replace(/:\d+$/, '')));
    }),
  ];
  const used = new Set<Exception>();
  const open = found.filter(({ rule, where }) => {
    // In a project `@NoSecurity()` is written above an operation on purpose.
    if (isProject && aboutPublicOperations.includes(rule)) return false;
    const exception = exceptions.find(
      (each) => each.rule === rule && (!each.where || each.where.test(where)),
    );
    if (exception) used.add(exception);
    return !exception;
  });
  const lines = new Set(
    open.flatMap(({ rule, where, message }) => {
      const place = places.find(where);
      if (place) return [`${place.at}: ${place.subject} ${describeFinding(rule, message)} (${rule})`];
      return isProject ? [] : [`${where}: ${message} (${rule})`];
    }),
  );
  if (isProject) return [...lines];
  return [
    ...lines,
    ...exceptions
      .filter((exception) => !used.has(exception))
      .map(
        ({ rule, where }) =>
          `tools/contract/lint-exceptions.ts: ${rule} at ${String(where)} finds nothing. Take it out.`,
      ),
  ];
}

function markAs31(findings: readonly LintFinding[]): LintFinding[] {
  return findings.map((finding) => ({ ...finding, where: `3.1:${finding.where}` }));
}

async function lintWithRedocly(file: string): Promise<LintFinding[]> {
  const rules = Object.fromEntries(duplicatesInRedocly.map((rule) => [rule, 'off' as const]));
  const config = await createConfig({ extends: ['recommended-strict'], rules });
  const problems = await lint({ ref: file, config });
  return problems.map(({ ruleId, message, location }) => ({
    rule: ruleId,
    where: (location[0]?.pointer ?? '').replace(/^#/, '').replaceAll('~1', '/').replace('//', '/'),
    message,
  }));
}

async function lintWithSpectral(file: string, rulesets: readonly Ruleset[]): Promise<LintFinding[]> {
  const linter = new Spectral();
  const extended = rulesets.map((ruleset) => [ruleset, 'recommended']);
  linter.setRuleset({ extends: extended, rules: switchOffDuplicates() } as spectralCore.RulesetDefinition);
  const problems = await linter.run(new Document(readFileSync(file, 'utf8'), Json, file));
  return problems.map(({ code, message, path }) => ({
    rule: String(code),
    where: `/${path.join('/')}`.replace('//', '/'),
    message,
  }));
}
