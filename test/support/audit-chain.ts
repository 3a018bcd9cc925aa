import type { Queries } from '../../src/database/database.js';

/** Gives the rows of the audit their places in the chain. */
export async function chainAudit({
  database: { queries },
}: {
  readonly database: { readonly queries: Queries };
}): Promise<void> {
  const { last } = await queries
    .selectFrom('audit')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow();
  let sequence = Number(last ?? 0);
  for (const { id } of await queries
    .selectFrom('audit')
    .select('id')
    .where('sequence', 'is', null)
    .orderBy('id')
    .execute()) {
    sequence += 1;
    await queries
      .updateTable('audit')
      .set({ sequence, hash: sequence.toString(16).padStart(64, '0').split('').reverse().join('') })
      .where('id', '=', id)
      .execute();
  }
}
