import { ExpressTemplateService, ValidationService, type FieldErrors, type TsoaRoute } from '@tsoa/runtime';
import { describeError, describeSchema, joinWithOr } from './validation-words.js';

type Schema = TsoaRoute.PropertySchema;
type Settings = ConstructorParameters<typeof ExpressTemplateService>[1];

/** tsoa's validation with readable errors, which say what a field must be. */
export class ValidatingTemplateService extends ExpressTemplateService {
  constructor(models: TsoaRoute.Models, settings: Settings) {
    super(models, settings);
    removePrototypes(models);
    this.validationService = new WordedValidation(models, settings);
  }
}

/** tsoa asks its descriptions for names that a client has sent: without a prototype, they have no `constructor`. */
export function removePrototypes(schema: unknown, seen = new Set<unknown>()): void {
  if (!isObject(schema) && !Array.isArray(schema)) return;
  if (seen.has(schema)) return;
  seen.add(schema);
  const { nestedProperties } = schema as { readonly nestedProperties?: object };
  if (nestedProperties) Object.setPrototypeOf(nestedProperties, null);
  for (const member of Object.values(schema)) removePrototypes(member, seen);
}

type Rest<Method extends (name: string, value: unknown, ...rest: never[]) => unknown> =
  Parameters<Method> extends [unknown, unknown, ...infer Others] ? Others : never;

/** RFC 3339 §5.6; tsoa checks that the day exists. */
const date = /^\d{4}-\d\d-\d\d$/;
const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** What tsoa says of a property that is not in the contract, after its name. */
const excessMessage = ' is an excess property and therefore is not allowed';

export class WordedValidation extends ValidationService {
  readonly #models: TsoaRoute.Models;
  readonly #settings: Settings;
  /** The error of an inner schema is more specific than that of the schema that refers to it. */
  readonly #worded = new WeakSet();

  constructor(models: TsoaRoute.Models, settings: Settings) {
    super(models, settings);
    this.#models = models;
    this.#settings = settings;
  }

  override ValidateParam(
    schema: Schema,
    rawValue: unknown,
    name = '',
    errors: FieldErrors,
    isBody: boolean,
    parent = '',
  ): unknown {
    const field = parent + name;
    const before = errors[field];
    const value: unknown = super.ValidateParam(schema, rawValue, name, errors, isBody, parent);
    const error = errors[field];
    if (error !== undefined && error !== before && !this.#worded.has(error)) {
      this.#worded.add(error);
      error.message = describeError(schema, this.#models, {
        message: error.message,
        value: rawValue,
        isBody,
      });
    }
    return value;
  }

  /** By RFC 3339, as the contract says: tsoa takes a year alone, and a time without an offset, which is that of the server. */
  override validateDateTime(
    name: string,
    value: unknown,
    ...rest: Rest<ValidationService['validateDateTime']>
  ): Date | undefined {
    return super.validateDateTime(name, dateTime.test(String(value)) ? value : null, ...rest);
  }

  override validateDate(
    name: string,
    value: unknown,
    ...rest: Rest<ValidationService['validateDate']>
  ): Date | undefined {
    return super.validateDate(name, date.test(String(value)) ? value : null, ...rest);
  }

  /** With the whole path of a list's items, as `tags.0`: tsoa leaves out the list's own path, and writes `$0`. */
  override validateArray(
    name: string,
    value: unknown[],
    errors: FieldErrors,
    isBody: boolean,
    schema?: Schema,
    validators?: Parameters<ValidationService['validateArray']>[5],
    parent = '',
  ): unknown[] | undefined {
    const field = parent + name;
    const own: FieldErrors = {};
    const result = super.validateArray(field, value, own, isBody, schema, validators);
    const start = `${field}.$`;
    for (const [place, error] of Object.entries(own))
      errors[place.startsWith(start) ? `${field}.${place.slice(start.length)}` : place] = error;
    return result;
  }

  /** With the place of each property that is not there: tsoa names them together, in a message about the object. */
  override validateNestedObjectLiteral(
    name: string,
    value: unknown,
    errors: FieldErrors,
    isBody: boolean,
    properties: Record<string, Schema> = {},
    additionalProperties: Schema['additionalProperties'],
    parent: string,
  ): unknown {
    const field = parent + name;
    const result: unknown = super.validateNestedObjectLiteral(
      name,
      value,
      errors,
      isBody,
      properties,
      additionalProperties,
      parent,
    );
    if (!errors[field]?.message.endsWith(excessMessage) || !isObject(value)) return result;
    Reflect.deleteProperty(errors, field);
    for (const excess of Object.keys(value).filter((key) => !Object.hasOwn(properties, key)))
      errors[`${field}.${excess}`] = { message: `"${excess}"${excessMessage}` };
    return result;
  }

  /** With what a map's value must be: tsoa reports each wrong value as one without a model. */
  override validateModel(input: Parameters<ValidationService['validateModel']>[0]): unknown {
    const result: unknown = super.validateModel(input);
    const { name, modelDefinition, fieldErrors: errors, isBodyParam, parent = '' } = input;
    const value: unknown = input.value;
    if (modelDefinition.dataType !== 'refObject') return result;
    const { additionalProperties } = modelDefinition;
    if (typeof additionalProperties !== 'object' || !isObject(value)) return result;
    for (const [key, item] of Object.entries(value)) {
      const field = `${parent}${name}.${key}`;
      if (!errors[field]?.message.startsWith('No matching model found')) continue;
      Reflect.deleteProperty(errors, field);
      this.ValidateParam(additionalProperties, item, key, errors, isBodyParam, `${parent}${name}.`);
    }
    return result;
  }

  override validateUnion(
    name: string,
    value: unknown,
    errors: FieldErrors,
    isBody: boolean,
    schema: Schema,
    parent = '',
  ): unknown {
    const own: FieldErrors = {};
    const result: unknown = super.validateUnion(name, value, own, isBody, schema, parent);
    if (Object.keys(own).length > 0)
      Object.assign(errors, this.#findUnionErrors(name, value, isBody, schema, parent));
    return result;
  }

  override validateIntersection(
    name: string,
    value: unknown,
    errors: FieldErrors,
    isBody: boolean,
    schemas: Schema[] = [],
    parent = '',
  ): unknown {
    const field = parent + name;
    if (!isObject(value)) {
      errors[field] = { message: 'must be an object' };
      return undefined;
    }
    // tsoa validates each part without this class, and its message contains the refused values.
    const lenient = new WordedValidation(this.#models, {
      ...this.#settings,
      noImplicitAdditionalProperties: 'silently-remove-extras',
    });
    const found: FieldErrors = {};
    for (const schema of schemas) {
      lenient.ValidateParam(schema, structuredClone(value), name, found, isBody, parent);
    }
    if (Object.keys(found).length === 0) {
      const own: FieldErrors = {};
      const result: unknown = super.validateIntersection(name, value, own, isBody, schemas, parent);
      if (Object.keys(own).length === 0) return result;
      const known = new Set(schemas.flatMap((schema) => Object.keys(this.#listProperties(schema))));
      for (const excess of Object.keys(value).filter((key) => !known.has(key))) {
        found[`${field}.${excess}`] = {
          message: `"${excess}"${excessMessage}`,
        };
      }
    }
    if (Object.keys(found).length === 0) found[field] = { message: 'has fields that do not go together' };
    Object.assign(errors, found);
    for (const error of Object.values(found)) this.#worded.add(error);
    return undefined;
  }

  /** The errors of the intended alternative; if that is not clear, the list of alternatives. */
  #findUnionErrors(
    name: string,
    value: unknown,
    isBody: boolean,
    union: Schema,
    parent: string,
  ): FieldErrors {
    const alternatives = this.#listAlternatives(union);
    const candidates = alternatives.filter((schema) =>
      Array.isArray(value)
        ? this.#resolve(schema).dataType === 'array'
        : isObject(value) && this.#isObjectSchema(schema),
    );
    const meant = candidates.filter((schema) => this.#hasLiterals(schema, value));
    const [only] = meant.length === 1 ? meant : candidates;
    const errors: FieldErrors = {};
    if (only && (meant.length === 1 || candidates.length === 1)) {
      this.ValidateParam(only, structuredClone(value), name, errors, isBody, parent);
      if (Object.keys(errors).length > 0) return errors;
    }
    const names = candidates.map(({ ref }) => ref).filter((ref) => ref !== undefined);
    const described =
      names.length > 1
        ? joinWithOr(names)
        : describeSchema({ dataType: 'union', subSchemas: alternatives }, this.#models);
    const error = { message: `must be ${described}` };
    this.#worded.add(error);
    return { [parent + name]: error };
  }

  /** Includes the alternatives of nested unions. */
  #listAlternatives(union: Schema): Schema[] {
    return (union.subSchemas ?? []).flatMap((schema) => {
      const resolved = this.#resolve(schema);
      if (resolved.dataType === 'undefined') return [];
      return resolved.dataType === 'union' ? this.#listAlternatives(resolved) : [schema];
    });
  }

  #resolve(schema: Schema): Schema {
    const model = schema.ref === undefined ? undefined : this.#models[schema.ref];
    return model?.dataType === 'refAlias' ? this.#resolve(model.type) : schema;
  }

  #isObjectSchema(schema: Schema): boolean {
    const { dataType, ref } = this.#resolve(schema);
    if (dataType === 'nestedObjectLiteral' || dataType === 'intersection') return true;
    return ref !== undefined && this.#models[ref]?.dataType === 'refObject';
  }

  #listProperties(schema: Schema): Readonly<Record<string, Schema>> {
    const resolved = this.#resolve(schema);
    const model = resolved.ref === undefined ? undefined : this.#models[resolved.ref];
    if (model?.dataType === 'refObject') return model.properties;
    const inner = resolved.subSchemas?.map((each) => this.#listProperties(each)) ?? [];
    return Object.assign({}, resolved.nestedProperties, ...inner) as Record<string, Schema>;
  }

  /** Whether the value has the schema's literals, such as `kind: 'dog'`; a schema without literals never matches. */
  #hasLiterals(schema: Schema, value: unknown): boolean {
    const literals = Object.entries(this.#listProperties(schema)).filter(
      ([, { dataType, enums }]) => dataType === 'enum' && enums?.length === 1,
    );
    return (
      literals.length > 0 &&
      isObject(value) &&
      literals.every(([property, { enums }]) => value[property] === enums?.[0])
    );
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
