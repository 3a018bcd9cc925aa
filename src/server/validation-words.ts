import type { TsoaRoute } from '@tsoa/runtime';

type Schema = TsoaRoute.PropertySchema;
type Models = TsoaRoute.Models;
type Limits = Readonly<Record<string, { readonly value?: unknown } | undefined>>;

/** Limited, so that a response does not grow with the number of an enum's values. */
const maxListed = 20;

/** Describes a value of this schema, to follow "must be": `a whole number from 1 to 100`, `open or closed`. */
export function describeSchema(schema: Schema, models: Models): string {
  const limits = readLimits(schema);
  switch (schema.dataType) {
    case 'string':
      return `a string${describeSize(limits['minLength']?.value, limits['maxLength']?.value, 'character')}`;
    case 'integer':
    case 'long':
      return `a whole number${describeRange(limits['minimum']?.value, limits['maximum']?.value)}`;
    case 'float':
    case 'double':
      return `a number${describeRange(limits['minimum']?.value, limits['maximum']?.value)}`;
    case 'boolean':
      return 'true or false';
    case 'enum':
      return describeValues(schema.enums ?? []);
    case 'date':
      return 'a date such as 2026-11-29';
    case 'datetime':
      return 'a date and time such as 2026-11-29T09:00:00Z';
    case 'array':
      return `a list${describeSize(limits['minItems']?.value, limits['maxItems']?.value, 'item')}`;
    case 'undefined':
      return 'left out';
    case 'union':
      return describeAlternatives(schema, models);
    default: {
      const model = schema.ref === undefined ? undefined : models[schema.ref];
      if (model?.dataType === 'refEnum') return describeValues(model.enums);
      if (model?.dataType === 'refAlias') return describeSchema(model.type, models);
      return 'an object';
    }
  }
}

/** Describes the error of a value that tsoa refuses with this message. */
export function describeError(
  schema: Schema,
  models: Models,
  { message, value, isBody }: { readonly message: string; readonly value: unknown; readonly isBody: boolean },
): string {
  if (isWorded(message, schema)) return message;
  const alias = schema.ref === undefined ? undefined : models[schema.ref];
  if (alias?.dataType === 'refAlias') return describeError(alias.type, models, { message, value, isBody });
  const limits = readLimits(schema);
  // tsoa reads a repeated parameter as a list.
  if (!isBody && Array.isArray(value) && schema.dataType !== 'array') return 'must be there only once';
  if (message.startsWith('minLength') && limits['minLength']?.value === 1) return 'must not be empty';
  const size = /^(min|max)(Length|Items) (\d+)$/.exec(message);
  if (size) {
    const [, end, kind, limit] = size;
    const unit = kind === 'Length' ? 'character' : 'item';
    return `must have at ${end === 'min' ? 'least' : 'most'} ${formatCount(Number(limit), unit)}`;
  }
  if (message.startsWith("Not match in '")) return `must match ${String(limits['pattern']?.value)}`;
  if (message.startsWith('minDate')) return `must not be before ${String(limits['minDate']?.value)}`;
  if (message.startsWith('maxDate')) return `must not be after ${String(limits['maxDate']?.value)}`;
  if (message === 'required unique array') return 'must not have an item twice';
  const description = describeSchema(schema, models);
  const isQuoted =
    isBody && typeof value === 'string' && /^(a whole number|a number|true or false)/.test(description);
  return `must be ${description}${isQuoted ? ', not a string' : ''}`;
}

/** Whether the message is already a sentence: that of a `@pattern`, or one that names the field itself. */
function isWorded(message: string, schema: Schema): boolean {
  const validators = Object.values(schema.validators ?? {}) as ({ errorMsg?: string } | undefined)[];
  return (
    /^'.*' is required$/s.test(message) ||
    message.endsWith(' is an excess property and therefore is not allowed') ||
    validators.some((validator) => validator?.errorMsg === message)
  );
}

function readLimits({ validators }: Schema): Limits {
  return validators ?? {};
}

function describeRange(minimum: unknown, maximum: unknown): string {
  const [min, max] = [minimum, maximum].map((limit) => (typeof limit === 'number' ? limit : undefined));
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

function describeSize(minimum: unknown, maximum: unknown, unit: string): string {
  const min = typeof minimum === 'number' ? minimum : 0;
  const max = typeof maximum === 'number' ? maximum : undefined;
  if (min > 0 && max !== undefined)
    return min === max ? ` of ${formatCount(min, unit)}` : ` of ${min} to ${formatCount(max, unit)}`;
  if (max !== undefined) return ` of at most ${formatCount(max, unit)}`;
  return min > 0 ? ` of at least ${formatCount(min, unit)}` : '';
}

function formatCount(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

function describeValues(values: readonly unknown[]): string {
  const words = values.map(formatValue);
  return words.length > maxListed
    ? `one of ${words.slice(0, maxListed).join(', ')} and ${words.length - maxListed} others that the contract lists`
    : joinWithOr(words);
}

/** Quoted unless it is a single word. */
function formatValue(value: unknown): string {
  return typeof value !== 'string' || /^[\w.:/-]+$/.test(value) ? String(value) : `"${value}"`;
}

function describeAlternatives({ subSchemas = [] }: Schema, models: Models): string {
  const given = subSchemas.filter(({ dataType }) => dataType !== 'undefined');
  return joinWithOr([...new Set(given.map((each) => describeSchema(each, models)))]);
}

/** `a`, `a or b`, `a, b or c`. */
export function joinWithOr(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
