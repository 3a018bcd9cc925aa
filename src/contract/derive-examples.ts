import { hasFiles } from './complete-uploads.js';
import { toSentence } from './names.js';
import type { Operation, Schema } from './openapi.js';

type Schemas = Readonly<Record<string, Schema>>;

interface Example {
  readonly value: unknown;
}

/** Why no example can be derived: the path of the property, and what its text would have to match. */
interface NoExample {
  readonly property: string;
  readonly reason: string;
}

const moment = '2026-11-24T09:00:00.000Z';

/** Format → example, for the formats of OpenAPI and of tsoa. */
const byFormat: Readonly<Record<string, string>> = {
  uuid: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  'date-time': moment,
  date: moment.slice(0, 10),
  time: '09:00:00Z',
  duration: 'P1D',
  email: 'ada@example.com',
  hostname: 'www.example.com',
  ipv4: '192.0.2.7',
  ipv6: '2001:db8::7',
  uri: 'https://www.example.com/',
  url: 'https://www.example.com/',
  byte: 'bGF0Y2hrZXk=',
  password: 'correct horse battery',
};

/** Texts that match common patterns. */
const texts = [
  'example',
  'Example',
  'EXAMPLE',
  'a',
  'A',
  'abc-def',
  'en',
  'EN',
  'EUR',
  'en-US',
  '1',
  '12',
  '123',
  '1234',
  '12345',
  '12.50',
  '1.0.0',
  'A1',
  'AB-1234',
  'ABC-123',
  'ABC123',
  '#aabbcc',
  '+441632960000',
  '09:00',
  'v1',
  'example.png',
  'abcdef0123456789',
  ...Object.values(byFormat),
];

const reference = '#/components/schemas/';

/** Adds an example to the request and to each response. @param warn called if none can be derived. */
export function addExamples(
  schemas: Schemas,
  { requestBody, responses }: Operation,
  warn: (what: string) => void,
): void {
  const bodies = [
    ['request', requestBody] as const,
    ...Object.entries(responses).map(([status, response]) => [`response ${status}`, response] as const),
  ];
  for (const [body, { content = {} } = {}] of bodies) {
    for (const media of Object.values(content)) {
      if ((media.examples ?? !media.schema) || hasFiles(media)) continue;
      const made = deriveExample(media.schema, schemas);
      if (isExample(made)) media.example = made.value;
      else {
        const what = made.property === '' ? body : `"${made.property}" in its ${body}`;
        warn(`no example can be made of the ${what}: ${made.reason}. Write "@example" and a value above it.`);
      }
    }
  }
}

/** Derives a valid example of a schema. @returns the reason if that is not possible. */
export function deriveExample(schema: Schema, schemas: Schemas): Example | NoExample {
  return make(schema, { schemas, property: '', isWithin: [] });
}

interface Place {
  readonly schemas: Schemas;
  /** The path in the example; empty for the whole. */
  readonly property: string;
  /** The models that contain it. */
  readonly isWithin: readonly string[];
}

function make(schema: Schema, place: Place): Example | NoExample {
  for (const value of [schema.example, schema['default'], schema.enum?.[0]])
    if (value !== undefined) return { value };
  const name = schema.$ref?.replace(reference, '');
  if (name !== undefined) return makeReferenced(name, place);
  const { allOf, anyOf, oneOf } = schema as Readonly<Record<string, Schema[] | undefined>>;
  if (allOf) return makeCombined([...allOf, { ...schema, allOf: undefined }], place);
  const alternatives = anyOf ?? oneOf;
  if (alternatives) return makeFirst(alternatives, place);
  switch (schema['type']) {
    case 'string':
      return makeText(schema, place);
    case 'integer':
    case 'number':
      return { value: makeNumber(schema) };
    case 'boolean':
      return { value: true };
    case 'array':
      return makeList(schema, place);
    default:
      return (schema.properties ?? schema['type'] === 'object') ? makeObject(schema, place) : { value: {} };
  }
}

function makeReferenced(name: string, place: Place): Example | NoExample {
  const { schemas, property, isWithin } = place;
  const schema = schemas[decodeURIComponent(name)];
  if (!schema) return { property, reason: `there is no model ${name}` };
  if (isWithin.includes(name)) return { property, reason: `${name} is in itself` };
  return make(schema, { ...place, isWithin: [...isWithin, name] });
}

/** The schema behind one that only adds a description. */
function makeCombined(parts: readonly Schema[], place: Place): Example | NoExample {
  const merged: Record<string, unknown> = {};
  for (const part of parts) {
    const { $ref, type, properties, allOf, anyOf, oneOf } = part;
    if ([$ref, type, properties, allOf, anyOf, oneOf].every((keyword) => keyword === undefined)) continue;
    const made = make(part, place);
    if (!isExample(made)) return made;
    if (typeof made.value !== 'object' || made.value === null || Array.isArray(made.value)) return made;
    Object.assign(merged, made.value);
  }
  return { value: merged };
}

function makeFirst(alternatives: readonly Schema[], place: Place): Example | NoExample {
  const made = alternatives.map((schema) => make(schema, place));
  return made.find(isExample) ?? made[0] ?? { value: {} };
}

function makeText(schema: Schema, { property }: Place): Example | NoExample {
  const { format = '' } = schema;
  const [min, max] = [Number(schema['minLength'] ?? 0), Number(schema['maxLength'] ?? Infinity)];
  const pattern = typeof schema['pattern'] === 'string' ? RegExp(schema['pattern'], 'u') : undefined;
  const last = property.split('.').at(-1) ?? '';
  const named = toSentence(last) || 'Text';
  const fitted = [named, named.toLowerCase(), ...texts].flatMap((text) => [text, fit(text, min, max)]);
  const usual = Object.hasOwn(byFormat, last) ? [byFormat[last] ?? ''] : [];
  const candidates = Object.hasOwn(byFormat, format) ? [byFormat[format] ?? ''] : [...usual, ...fitted];
  const value = candidates.find(
    (text) => text.length >= min && text.length <= max && (pattern?.test(text) ?? true),
  );
  if (value !== undefined) return { value };
  return { property, reason: pattern ? `its pattern is ${pattern.source}` : 'its format and its length' };
}

function fit(text: string, min: number, max: number): string {
  return text.slice(0, max).padEnd(Math.min(min, max), `${text} `).replace(/ $/, '.');
}

function makeNumber(schema: Schema): number {
  const [min, max] = [schema['minimum'], schema['maximum']];
  if (typeof min === 'number') return typeof max === 'number' && min < 1 && max >= 1 ? 1 : min;
  return typeof max === 'number' ? Math.min(1, max) : 1;
}

function makeList(schema: Schema, place: Place): Example | NoExample {
  const min = Number(schema['minItems'] ?? 0);
  if (Number(schema['maxItems'] ?? 1) < 1) return { value: [] };
  const made = make(schema.items ?? {}, place);
  if (!isExample(made)) return min === 0 ? { value: [] } : made;
  if (min > 1 && schema['uniqueItems'] === true) {
    const others = schema.items?.enum?.slice(0, min) ?? [];
    return others.length === min
      ? { value: others }
      : { property: place.property, reason: 'its items have to differ' };
  }
  return { value: Array.from({ length: Math.max(min, 1) }, () => made.value) };
}

function makeObject(schema: Schema, place: Place): Example | NoExample {
  const { properties = {}, additionalProperties } = schema;
  const required = (schema['required'] ?? []) as readonly string[];
  const value: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const path = place.property === '' ? name : `${place.property}.${name}`;
    const made = make(property, { ...place, property: path });
    if (isExample(made)) value[name] = made.value;
    else if (required.includes(name)) return made;
  }
  if (Object.keys(properties).length === 0 && typeof additionalProperties === 'object') {
    const made = make(additionalProperties as Schema, place);
    if (isExample(made)) value['key'] = made.value;
  }
  return { value };
}

function isExample(made: Example | NoExample): made is Example {
  return 'value' in made;
}
