import { rowNumber, type SourceRow } from './own-tables.js';

/** The values of a row's key, or its number, without characters that a terminal would act on. */
export function describeKey(key: readonly string[], row: SourceRow): string {
  const columns = key.length > 0 ? key : [rowNumber];
  return columns.map((each) => `${each} = ${describeValue(row[each] ?? null)}`).join(', ');
}

const maxDescribed = 100;

function describeValue(value: SourceRow[string]): string {
  if (value instanceof Uint8Array)
    return `x'${Buffer.from(value.subarray(0, maxDescribed)).toString('hex')}'`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, maxDescribed)) : String(value);
}
