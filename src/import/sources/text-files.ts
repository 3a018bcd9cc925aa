import { pipeline, Readable } from 'node:stream';
import { StartError } from '../../start-error.js';
import { FieldError, toRecord, type UserSource } from '../foreign-user.js';
import { exportedFields, readExportedUser } from '../own-format.js';
import { maxLineLength, readLines, readText } from './text-lines.js';

/** Newline-delimited JSON: one user in each line. */
export async function* readNdjson(file: string): UserSource {
  let number = 0;
  for await (const line of readLines(file)) {
    number += 1;
    if (line?.trim() === '') continue;
    yield toRecord(`line ${number}`, () => readExportedUser(parseObject(line)));
  }
}

function parseObject(line: string | undefined): Readonly<Record<string, unknown>> {
  if (line === undefined) throw new FieldError(`has more than ${maxLineLength} characters`);
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
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** RFC 4180, with the names of the fields in the first line. */
export async function* readCsv(file: string): UserSource {
  const { parse, CsvError } = await import('csv-parse');
  const parser = parse({
    ...{ info: true, skip_empty_lines: true, relax_column_count: true },
    max_record_size: maxLineLength,
  });
  // Errors of either come from the loop.
  pipeline(Readable.from(readText(file)), parser, () => undefined);
  let heading: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
      const names = heading;
      if (names) yield toRecord(`line ${info.lines}`, () => readExportedUser(toObject(names, record)));
      else heading = checkHeading(file, record);
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new StartError(`The file ${file} is not CSV: ${cause.message}.`, { cause });
  }
}

/** @throws {StartError} for what is no heading: each line would be wrong. */
function checkHeading(file: string, names: readonly string[]): readonly string[] {
  const wrong = names.find((name, index) => !exportedFields.includes(name) || names.indexOf(name) !== index);
  if (wrong === undefined) return names;
  const reason = exportedFields.includes(wrong) ? 'is there twice' : 'is not a field';
  throw new StartError(
    `The first line of ${file} must have the names of the fields, with commas in between: ${JSON.stringify(wrong)} ${reason}. The fields are ${exportedFields.join(', ')}.`,
  );
}

/** Where a comma is missing or too many, what follows it would be taken for another field. */
function toObject(names: readonly string[], record: readonly string[]): Readonly<Record<string, string>> {
  if (record.length !== names.length) {
    throw new FieldError(
      `has ${record.length} fields, and the first line names ${names.length}: put what has a comma or a quote in it into quotes`,
    );
  }
  return Object.fromEntries(names.map((name, index) => [name, record[index] ?? '']));
}
