import { CompiledQuery, sql, type Compilable, type Expression, type RawBuilder } from 'kysely';
import type { Queries } from './database.js';

/** A placeholder in a compiled statement, replaced by a value at each execution. */
class Slot {
  constructor(readonly name: string) {}
}

interface CompiledSql {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

type Values = Readonly<Record<string, unknown>>;
/** A placeholder for each value. */
type Names<V extends Values> = { readonly [Name in keyof V]: Expression<V[Name]> };

/**
 * A statement that is built and compiled once per database, for speed: for long, frequent statements, compiling costs more
 * than anything else the process does for them.
 */
export class CompiledStatement<V extends Values, Row, Part = undefined> {
  readonly #compiled = new WeakMap<object, CompiledSql>();

  /**
   * @param names the names of its values.
   * @param build builds the statement from placeholders and from the part that depends on the database.
   */
  constructor(
    private readonly names: readonly (keyof V & string)[],
    private readonly build: (values: Names<V>, part: Part) => RawBuilder<Row>,
  ) {}

  /** @param part must be the same at each call for one database. */
  async execute(queries: Queries, values: V, part: Part): Promise<Row[]> {
    const executor = queries.getExecutor();
    let compiled = this.#compiled.get(executor.adapter);
    if (!compiled) {
      const slots = this.names.map((name) => [name, sql.val(new Slot(name))]);
      const { sql: text, parameters } = this.build(Object.fromEntries(slots) as Names<V>, part).compile(
        queries,
      );
      compiled = { text, parameters };
      this.#compiled.set(executor.adapter, compiled);
    }
    const parameters = compiled.parameters.map((each) => (each instanceof Slot ? values[each.name] : each));
    const { rows } = await executor.executeQuery<Row>(CompiledQuery.raw(compiled.text, parameters));
    return rows;
  }
}

const compiledByName = new WeakMap<object, Map<string, CompiledSql>>();

/**
 * A query of Kysely that is built and compiled once per database and name, for speed.
 * @param build builds the query from placeholders; it must not compute with them.
 */
export function compileOnce<V extends Values, Row>(
  queries: Queries,
  name: string,
  values: V,
  build: (values: V) => Compilable<Row>,
): CompiledQuery<Row> {
  const { adapter } = queries.getExecutor();
  const all = compiledByName.get(adapter) ?? new Map<string, CompiledSql>();
  compiledByName.set(adapter, all);
  let compiled = all.get(name);
  if (!compiled) {
    const slots = Object.fromEntries(Object.keys(values).map((key) => [key, new Slot(key)]));
    const { sql: text, parameters } = build(slots as unknown as V).compile();
    compiled = { text, parameters };
    all.set(name, compiled);
  }
  const parameters = compiled.parameters.map((each) => (each instanceof Slot ? values[each.name] : each));
  return CompiledQuery.raw(compiled.text, parameters);
}

/** Like `compileOnce`, for a batch. */
export function prepareOnce<V extends Values, Row>(
  ...statement: Parameters<typeof compileOnce<V, Row>>
): Compilable<Row> {
  const query = compileOnce<V, Row>(...statement);
  return { compile: () => query };
}
