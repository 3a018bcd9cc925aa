import { CompiledQuery, sql, type Compilable, type Expression, type RawBuilder } from 'kysely';
import type { Queries } from './database.js';

/** Stands in a statement for a value that each execution brings. */
class Slot {
  constructor(readonly name: string) {}
}

interface CompiledSql {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

type Values = Readonly<Record<string, unknown>>;
/** A name for each value, as the statement refers to it. */
type Names<V extends Values> = { readonly [Name in keyof V]: Expression<V[Name]> };

/**
 * A statement that is built and compiled once for each database: for one that comes so often, and is so long, that this
 * would be what it costs.
 */
export class CompiledStatement<V extends Values, Row, Part = undefined> {
  readonly #compiled = new WeakMap<object, CompiledSql>();

  /**
   * @param names the values that it takes.
   * @param build makes it, with the names of its values, and with what is the database's own.
   */
  constructor(
    private readonly names: readonly (keyof V & string)[],
    private readonly build: (values: Names<V>, part: Part) => RawBuilder<Row>,
  ) {}

  /** @param part always the same for one database. */
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
 * A query of Kysely's that is built and compiled once for each database and name.
 * @param build makes it of the values' stand-ins, with which it must not calculate.
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

/** The same for a batch. */
export function prepareOnce<V extends Values, Row>(
  ...statement: Parameters<typeof compileOnce<V, Row>>
): Compilable<Row> {
  const query = compileOnce<V, Row>(...statement);
  return { compile: () => query };
}
