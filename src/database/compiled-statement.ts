import { CompiledQuery, type Compilable, type QueryExecutorProvider } from 'kysely';
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

/** A query of Kysely, or SQL. */
interface Buildable<Row> {
  compile(executor: QueryExecutorProvider): CompiledQuery<Row>;
}

const compiledByName = new WeakMap<object, Map<string, CompiledSql>>();

/**
 * A statement that is built and compiled once per database and name, for speed: to compile a refresh's takes 21 to 34 µs
 * of its 150, and 1 to 3 µs this way (`npm run bench -- statements`).
 * @param build builds the statement from placeholders; it must not compute with them.
 */
export function compileOnce<V extends Values, Row>(
  queries: Queries,
  name: string,
  values: V,
  build: (values: V) => Buildable<Row>,
): CompiledQuery<Row> {
  const { adapter } = queries.getExecutor();
  let all = compiledByName.get(adapter);
  if (!all) compiledByName.set(adapter, (all = new Map<string, CompiledSql>()));
  let compiled = all.get(name);
  if (!compiled) {
    const slots = Object.fromEntries(Object.keys(values).map((key) => [key, new Slot(key)]));
    const { sql: text, parameters } = build(slots as unknown as V).compile(queries);
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
