import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { StartError } from '../../start-error.js';
import { FieldError, toRecord, type UserSource } from '../foreign-user.js';
import { readExportedUser } from '../own-format.js';

/** Newline-delimited JSON: one user in each line. */
export async function* readNdjson(file: string): UserSource {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let number = 0;
  for await (const given of lines) {
    number += 1;
    const line = number === 1 ? given.replace(/^\uFEFF/, '') : given;
    if (line.trim() === '') continue;
    yield toRecord(`line ${number}`, () => readExportedUser(parseObject(line)));
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new FieldError(`is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FieldError('must be a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}

interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** RFC 4180, with the names of the fields in the first line. */
export async function* readCsv(file: string): UserSource {
  const { parse, CsvError } = await import('csv-parse');
  const parser = createReadStream(file).pipe(
    parse({ columns: true, bom: true, info: true, skip_empty_lines: true, relax_column_count: true }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
      yield toRecord(`line ${info.lines}`, () => readExportedUser(record));
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new StartError(`The file ${file} is not CSV: ${cause.message}.`, { cause });
  }
}
