import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { StreamLimit } from '../http/stream-limit.js';
import type { OwnDataPart } from '../users/own-data-part.js';
import { usersStore, type UserWithRoles } from '../users/users.store.js';
import { Problem } from '../problems/problem.js';
import type { UsersService } from '../users/users.service.js';

/** An export that has begun. */
export interface OwnDataExport {
  readonly account: UserWithRoles;
  readonly begunAt: number;
  /** Field → its entries, which are read as they are asked for. */
  readonly lists: readonly (readonly [field: string, entries: AsyncIterable<object>])[];
  /** To be called when all is sent, or the reader has left. */
  readonly end: () => void;
}

/** Exports of one process at a time: each reads pages from the database for as long as its client takes them. */
const maxExports = 20;

/** What the service stores about a user, for that user to read and to delete. */
export class OwnDataService {
  readonly #limit = new StreamLimit({ max: maxExports, maxPerSubject: 1 });

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly users: UsersService,
    private readonly parts: readonly OwnDataPart[],
  ) {}

  /** @throws {Problem} `too_many_streams`, `busy`; `invalid_token` where the account was deleted in the meantime. */
  async export(userId: string, actor: Actor): Promise<OwnDataExport> {
    const end = this.#limit.open(userId);
    try {
      const { queries } = this.database;
      const account = await usersStore.find(queries, userId);
      if (!account) throw new Problem('invalid_token');
      await auditStore.add(queries, this.clock, {
        event: 'own_data_exported',
        actor,
        target: { kind: 'user', id: userId, name: account.username },
      });
      const lists = this.parts.map(({ field, list }) => [field, list(queries, userId)] as const);
      return { account, begunAt: this.clock.now(), lists, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** @throws {Problem} `last_administrator`; `invalid_token` where the account was deleted in the meantime. */
  async delete(userId: string, actor: Actor): Promise<void> {
    try {
      await this.users.delete(userId, actor);
    } catch (error) {
      if (error instanceof Problem && error.code === 'user_not_found') throw new Problem('invalid_token');
      throw error;
    }
  }
}
