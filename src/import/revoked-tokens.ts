import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { isId } from '../ids.js';
import { revocationsStore } from '../revocations/revocations.store.js';
import { toForeignId } from './user-checks.js';

/** Tokens that another application has revoked. */
export interface RevokedTokens {
  /** Where they are, for messages. */
  readonly place: string;
  readonly ids: AsyncIterable<string>;
}

const tokensPerBatch = 500;

/**
 * Has this service refuse the tokens that another application had revoked, before it accepts the others.
 * @param until milliseconds since the Unix epoch, when it accepts none of them any more; undefined: nothing is written.
 * @returns how many there are.
 */
export async function importRevokedTokens(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { ids }: RevokedTokens,
  until: number | undefined,
): Promise<number> {
  let count = 0;
  let batch: string[] = [];
  const write = async (): Promise<void> => {
    const rows = batch.map((target) => ({
      ...{ kind: 'token' as const, target, version: null },
      ...{ expires_at: until ?? 0, created_at: clock.now() },
    }));
    batch = [];
    if (until === undefined || rows.length === 0) return;
    await database.longRunning.transaction((transaction) => revocationsStore.add(transaction, rows));
  };
  const seen = new Set<string>();
  for await (const id of ids) {
    const jti = toForeignId(id.trim());
    // Nothing else is accepted as the id of a token.
    if (!isId(jti) || seen.has(jti)) continue;
    seen.add(jti);
    count += 1;
    batch.push(jti);
    if (batch.length === tokensPerBatch) await write();
  }
  await write();
  return count;
}
