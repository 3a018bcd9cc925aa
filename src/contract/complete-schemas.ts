import type { Document, Schema } from './openapi.js';

/**
 * Completes the models:
 * - properties of a named type keep their own description: OpenAPI 3.0 ignores siblings of `$ref`;
 * - dates have the length that the service gives them, where no request has them: it takes other forms of ISO 8601, too;
 * - `additionalProperties: {}` is removed, which is the default: generators do not understand it;
 * - models and examples that no operation uses are removed, such as models of query parameters, which tsoa expands.
 */
export function completeSchemas(document: Document): void {
  const { schemas } = document.components;
  const requested = findRequested(document);
  for (const [model, schema] of Object.entries(schemas)) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const completed = completeProperty(property, schemas, requested.has(model));
      schema.properties = { ...schema.properties, [name]: completed };
    }
  }
  for (const schema of Object.values(schemas)) {
    if (JSON.stringify(schema.additionalProperties) !== '{}') continue;
    if (Object.keys(schema.properties ?? {}).length > 0) delete schema.additionalProperties;
    else schema.additionalProperties = true; // an object of any members
  }
  removeUnused(document);
}

/** The models that are in a request. */
function findRequested({ paths, components }: Document): Set<string> {
  const bodies = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map(({ requestBody }) => requestBody),
  );
  const references = findReferences(bodies, components);
  return new Set([...references].map((reference) => reference.replace('#/components/schemas/', '')));
}

function completeProperty(
  property: Schema,
  schemas: Document['components']['schemas'],
  isRequested: boolean,
): Schema {
  const { $ref: reference, ...own } = property;
  if (reference !== undefined && Object.keys(own).length > 0) {
    const named = schemas[reference.split('/').at(-1) ?? ''] ?? {};
    // Simple types are inlined; objects and enums keep their name, for the SDKs.
    if (!named.properties && !named.additionalProperties && !named.enum) return { ...named, ...own };
    return { allOf: [{ $ref: reference }], ...own };
  }
  // ISO 8601 in UTC, with milliseconds.
  if (property.format === 'date-time' && !isRequested) return { ...property, minLength: 24, maxLength: 24 };
  return property;
}

function removeUnused({ paths, components }: Document): void {
  const used = findReferences(paths, components);
  for (const group of ['schemas', 'examples']) {
    const named = components[group] ?? {};
    for (const name of Object.keys(named)) {
      if (!used.has(`#/components/${group}/${name}`)) Reflect.deleteProperty(named, name);
    }
  }
}

/** What a part of the document refers to, directly or by what it refers to. */
function findReferences(part: unknown, components: Document['components']): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    for (const reference of listReferences(value)) {
      if (found.has(reference)) continue;
      found.add(reference);
      const [, , group = '', name = ''] = reference.split('/');
      visit(components[group]?.[name]);
    }
  };
  visit(part);
  return found;
}

function listReferences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    key === '$ref' && typeof member === 'string' ? [member] : listReferences(member),
  );
}
