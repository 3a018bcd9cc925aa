import type { Database } from '../database/database.js';
import type { AuditHeadRow, AuditRow, AuditSealRow } from '../database/schema.js';
import { nextTurn } from '../event-loop.js';
import { auditChainStore } from './audit-chain.store.js';
import { computeRowHash, firstHash } from './audit-hash.js';
import {
  createChainError,
  describeRow,
  describeSealError,
  describeVerdict,
  type ChainError,
} from './chain-errors.js';
import { verifyHead, verifySeal, type SealKeys } from './audit-seals.js';

export interface AuditReport {
  /** Undefined: the chain is whole. */
  readonly error: ChainError | undefined;
  /** Rows that were found right. */
  readonly rows: number;
  /** Seals of days that were found right, without the head. */
  readonly seals: number;
  /** What the chain begins after, and the last row that was found right; 0 without any. */
  readonly after: number;
  readonly last: number;
  /** When the first row that was found right happened, in milliseconds since the Unix epoch: a chain that was begun again begins late. */
  readonly since: number | undefined;
  /** Rows that wait to be chained: nothing protects them yet. */
  readonly unchained: number;
  /** What an operator should know, as sentences. */
  readonly notes: readonly string[];
}

export interface VerifyOptions {
  /** Called with the rows checked so far, and how many there are to check. */
  readonly onProgress?: (rows: number, of: number) => void;
  readonly rowsPerPage?: number;
}

/** How often the check begins again because the retention has deleted rows meanwhile. */
const maxAttempts = 5;

/**
 * Checks the audit: that each row has the hash of its contents and of the row before, that none is missing, that the seals
 * have the hashes of their rows, and that the head is signed by a key on the ring. Reads in pages, while the service writes.
 */
export async function verifyAudit(
  database: Pick<Database, 'queries'>,
  keys: SealKeys,
  options: VerifyOptions = {},
): Promise<AuditReport> {
  for (let attempt = 1; ; attempt += 1) {
    const head = await auditChainStore.findHead(database.queries);
    const report = await new Verification(database, keys, head).run(options);
    if (!report.error || attempt === maxAttempts) return report;
    const now = await auditChainStore.findHead(database.queries);
    if (now?.base_sequence === head?.base_sequence) return report;
  }
}

class Verification {
  readonly #notes: string[] = [];
  #rows = 0;
  #since: number | undefined;
  #seals = 0;
  #last: { readonly sequence: number; readonly hash: string };

  constructor(
    private readonly database: Pick<Database, 'queries'>,
    private readonly keys: SealKeys,
    private readonly head: AuditHeadRow | undefined,
  ) {
    this.#last = { sequence: head?.base_sequence ?? 0, hash: head?.base_hash ?? firstHash };
  }

  async run(options: VerifyOptions): Promise<AuditReport> {
    const after = this.#last.sequence;
    const error = await this.#findError(options);
    return {
      error,
      rows: this.#rows,
      seals: this.#seals,
      after,
      last: this.#last.sequence,
      since: this.#since,
      unchained: await auditChainStore.countUnchained(this.database.queries),
      notes: this.#notes,
    };
  }

  async #findError(options: VerifyOptions): Promise<ChainError | undefined> {
    const { head } = this;
    const { queries } = this.database;
    if (!head) return this.#checkWithoutHead();
    const outside = await this.#findOutside(head);
    if (outside) return outside;
    const atHead = await this.#checkHead(head);
    if (atHead) return atHead;
    const seals = await auditChainStore.listSeals(queries);
    const { wrong, right } = this.#sortSeals(seals, head);
    return (await this.#checkRows(right, head, options)) ?? wrong;
  }

  async #checkWithoutHead(): Promise<ChainError | undefined> {
    const { queries } = this.database;
    const row = await auditChainStore.findOutside(queries, Number.MAX_SAFE_INTEGER);
    if (row)
      return createChainError(
        row.sequence ?? 0,
        `${describeRow(row)} is chained, and the chain has no head.`,
      );
    // The first start has keys to sign with, and a row for each of them.
    if (!this.keys.canSign() || (await auditChainStore.countUnchained(queries)) > 0) return undefined;
    return createChainError(
      0,
      'The audit is empty, though the keys on the ring were audited when they were made: all rows, the head and the seals were removed. If the service has not run since an upgrade from before 0.2, start it.',
    );
  }

  /** Rows before the beginning of the chain, which lists show with the others. */
  async #findOutside({ base_sequence: base }: AuditHeadRow): Promise<ChainError | undefined> {
    const row = await auditChainStore.findOutside(this.database.queries, base);
    if (!row) return undefined;
    const sequence = row.sequence ?? 0;
    if (sequence < 1)
      return createChainError(
        sequence,
        `${describeRow(row)} has a place that no chain has: somebody has put it there.`,
      );
    this.#notes.push(
      `There are rows of before the beginning of the chain, the first of which is ${describeRow(row)}: the retention is deleting them, or somebody has put them there.`,
    );
    return undefined;
  }

  async #checkHead(head: AuditHeadRow): Promise<ChainError | undefined> {
    let verdict = verifyHead(this.keys, head);
    if (verdict !== 'valid') {
      await this.keys.reload();
      verdict = verifyHead(this.keys, head);
    }
    if (verdict === 'valid') return undefined;
    return createChainError(
      head.sequence,
      `The head of the chain, at row ${head.sequence}, ${describeVerdict(verdict, head.key_id)}. If latchkey keys revoke has removed that key and the service has not run since, start it, which signs the head again; otherwise somebody has changed the head.`,
    );
  }

  /**
   * Finds the first seal that is wrong by itself, and the others. A key that has left the ring since is no error: the head,
   * which is signed later, covers the same rows.
   */
  #sortSeals(
    seals: readonly AuditSealRow[],
    head: AuditHeadRow,
  ): { readonly wrong: ChainError | undefined; readonly right: AuditSealRow[] } {
    let wrong: ChainError | undefined;
    const right: AuditSealRow[] = [];
    const gone = new Set<string>();
    for (const seal of seals) {
      const verdict = verifySeal(this.keys, seal);
      const message = describeSealError(seal, verdict, head);
      if (message !== undefined) wrong ??= createChainError(seal.sequence, message);
      else right.push(seal);
      if (verdict !== 'valid') gone.add(seal.key_id);
    }
    if (gone.size > 0 && !wrong) {
      this.#notes.push(
        `Seals are signed by keys that are not on the ring any more (${[...gone].join(', ')}): that the chain is the same as the head's is what speaks for them.`,
      );
    }
    return { wrong, right };
  }

  async #checkRows(
    seals: readonly AuditSealRow[],
    head: AuditHeadRow,
    { onProgress, rowsPerPage = 1000 }: VerifyOptions,
  ): Promise<ChainError | undefined> {
    const { queries } = this.database;
    const total = head.sequence - head.base_sequence;
    const left = seals.filter(({ sequence }) => sequence >= head.base_sequence);
    for (;;) {
      const sealed = this.#takeSeals(left);
      if (sealed) return sealed;
      // Rows after the head that was read may be chained by now: `#findExcess` reads the head again.
      const limit = Math.min(rowsPerPage, head.sequence - this.#last.sequence);
      if (limit <= 0) break;
      await nextTurn();
      const page = await auditChainStore.listChained(queries, { after: this.#last.sequence, limit });
      if (page.length === 0) return this.#createEndError(head);
      for (const row of page) {
        const error = this.#checkRow(row) ?? this.#takeSeals(left);
        if (error) return error;
      }
      onProgress?.(this.#rows, total);
    }
    if (this.#last.hash !== head.hash) {
      return createChainError(
        head.sequence,
        `Row ${head.sequence} has another hash than the head was signed with: rows were changed together with their hashes.`,
      );
    }
    return this.#findExcess();
  }

  #checkRow(row: AuditRow): ChainError | undefined {
    const expected = this.#last.sequence + 1;
    const sequence = row.sequence ?? 0;
    if (sequence !== expected) {
      const missing =
        sequence - 1 > expected ? `Rows ${expected} to ${sequence - 1} are` : `Row ${expected} is`;
      return createChainError(expected, `${missing} missing: the next one is ${describeRow(row)}.`);
    }
    if (computeRowHash(this.#last.hash, row) !== row.hash) {
      return createChainError(
        sequence,
        `${describeRow(row)} has not the hash of its contents after row ${expected - 1}: it was changed, or the row before was, together with its hash.`,
      );
    }
    if (row.event === 'audit_seal_unverified') {
      this.#notes.push(
        `Row ${sequence}: no key on the ring had signed the head of then (${row.details ?? ''}). For the rows before, only the chain of hashes speaks, unless key_revoked says why.`,
      );
    }
    if (row.event === 'audit_set_back') {
      this.#notes.push(
        `Row ${sequence}: the chain had gone further before, and these rows are missing (${row.details ?? ''}). What outputs have sent has them.`,
      );
    }
    this.#last = { sequence, hash: row.hash };
    this.#rows += 1;
    this.#since ??= row.at;
    return undefined;
  }

  /** Compares the seals of the last row with its hash. */
  #takeSeals(left: AuditSealRow[]): ChainError | undefined {
    while (left[0] && left[0].sequence <= this.#last.sequence) {
      const seal = left.shift();
      if (!seal || seal.sequence < this.#last.sequence || seal.hash !== this.#last.hash) {
        return createChainError(
          seal?.sequence ?? 0,
          `Row ${seal?.sequence} has another hash than the seal of ${seal?.day} was signed with: rows until then were changed together with their hashes.`,
        );
      }
      this.#seals += 1;
    }
    return undefined;
  }

  #createEndError(head: AuditHeadRow): ChainError {
    const from = this.#last.sequence + 1;
    const missing = from === head.sequence ? `Row ${from} is` : `Rows ${from} to ${head.sequence} are`;
    return createChainError(
      from,
      `${missing} missing at the end: the head was signed at row ${head.sequence}.`,
    );
  }

  /** Rows that the head does not know. */
  async #findExcess(): Promise<ChainError | undefined> {
    const { queries } = this.database;
    const [row] = await auditChainStore.listChained(queries, { after: this.#last.sequence, limit: 1 });
    if (!row) return undefined;
    const now = await auditChainStore.findHead(queries);
    if (now && now.sequence >= (row.sequence ?? 0)) return undefined;
    return createChainError(
      row.sequence ?? 0,
      `${describeRow(row)} is after the head, which is at row ${this.#last.sequence}.`,
    );
  }
}
