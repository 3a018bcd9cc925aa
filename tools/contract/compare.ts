import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const oasdiff = 'github.com/oasdiff/oasdiff@v1.36.0';

/** Of a response oasdiff takes none for a break, but our error codes stay (docs/versioning.md). */
const levels = `response-property-enum-value-removed err
response-mediatype-enum-value-removed err
`;

interface Schema {
  readonly enum?: readonly unknown[];
  readonly 'x-extensible-enum'?: readonly unknown[];
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Comparison {
  /** `absent`: there is no Go; `failed`: oasdiff did not run. */
  readonly outcome: 'same' | 'breaks' | 'absent' | 'failed';
  /** What oasdiff says. */
  readonly text: string;
}

/** What of a contract breaks the clients of an earlier one. @param before both are files. */
export function compareContracts(before: string, now: string): Comparison {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-contract-'));
  try {
    const [compared, severity] = [join(folder, 'openapi.json'), join(folder, 'levels.txt')];
    writeFileSync(compared, JSON.stringify(removeNewValues(read(before), read(now))));
    writeFileSync(severity, levels);
    const { error, status, stdout, stderr } = spawnSync(
      'go',
      [
        ...['run', oasdiff, 'breaking', '--fail-on', 'ERR', '--color', 'never'],
        ...['--severity-levels', severity, before, compared],
      ],
      { encoding: 'utf8' },
    );
    if (error && 'code' in error && error.code === 'ENOENT') return { outcome: 'absent', text: '' };
    const text = stdout.trim() || stderr.trim();
    if (status === 0) return { outcome: 'same', text };
    // oasdiff ends with 1 for breaking changes, `go run` with 1 for whatever it ran: what it printed tells.
    return { outcome: /\berror\b.*\[[a-z-]+\]/.test(text) ? 'breaks' : 'failed', text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The contract without what its enums have gained that are said to grow. oasdiff, which asks for `x-extensible-enum`, lets
 * them grow only where there is no `enum` beside it, from which the SDKs have their types.
 */
export function removeNewValues<Contract extends Document>(before: Document, now: Contract): Contract {
  const { schemas } = now.components;
  const kept = Object.entries(schemas).map(([name, schema]) => {
    const known = before.components.schemas[name]?.enum;
    return known && schema.enum && schema['x-extensible-enum']
      ? [name, { ...schema, enum: schema.enum.filter((value) => known.includes(value)) }]
      : [name, schema];
  });
  return { ...now, components: { ...now.components, schemas: Object.fromEntries(kept) as typeof schemas } };
}

function read(file: string): Document {
  return JSON.parse(readFileSync(file, 'utf8')) as Document;
}
