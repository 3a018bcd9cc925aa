import type { Document, Schema } from './openapi.js';

/**
 * Completes the models:
 * - properties of a named type keep their own description: OpenAPI 3.0 ignores siblings of `$ref`;
 * - dates have their length;
 * - what is allowed anyway is not said: generators trip over an explicit `additionalProperties: {}`;
 * - models and examples that no operation uses are removed, such as models of query parameters, which tsoa expands.
 */
export function completeSchemas(document: Document): void {
  const { schemas } = document.components;
  for (const schema of Object.values(schemas)) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      schema.properties = { ...schema.properties, [name]: completeProperty(property, schemas) };
    }
  }
  for (const schema of Object.values(schemas)) {
    if (JSON.stringify(schema.additionalProperties) !== '{}') continue;
    if (Object.keys(schema.properties ?? {}).length > 0) delete schema.additionalProperties;
    else schema.additionalProperties = true; // an object of any members
  }
  removeUnused(document);
}

function completeProperty(property: Schema, schemas: Document['components']['schemas']): Schema {
  const { $ref: reference, ...own } = property;
  if (reference !== undefined && Object.keys(own).length > 0) {
    const named = schemas[reference.split('/').at(-1) ?? ''] ?? {};
    // Simple types are inlined; objects and enums keep their name, for the SDKs.
    if (!named.properties && !named.additionalProperties && !named.enum) return { ...named, ...own };
    return { allOf: [{ $ref: reference }], ...own };
  }
  // ISO 8601 in UTC, with milliseconds.
  if (property.format === 'date-time') return { ...property, minLength: 24, maxLength: 24 };
  return property;
}

function removeUnused(document: Document): void {
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const reference of referencesIn(value)) {
      if (used.has(reference)) continue;
      used.add(reference);
      const [, , group = '', name = ''] = reference.split('/');
      visit(document.components[group]?.[name]);
    }
  };
  visit(document.paths);
  for (const group of ['schemas', 'examples']) {
    const named = document.components[group] ?? {};
    for (const name of Object.keys(named)) {
      if (!used.has(`#/components/${group}/${name}`)) Reflect.deleteProperty(named, name);
    }
  }
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    key === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  );
}
