import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { RequestWindow } from '../http/request-window.js';
import { StreamLimit } from '../http/stream-limit.js';
import type { UserCaller } from '../tokens/caller.js';
import type { OwnDataPart } from '../users/own-data-part.js';
import { usersStore, type UserWithRoles } from '../users/users.store.js';
import { Problem } from '../problems/problem.js';
import type { UsersService } from '../users/users.service.js';

/** An export that has begun. */
export interface OwnDataExport {
  readonly account: UserWithRoles;
  readonly begunAt: number;
  /** The `RateLimit` header of the response. */
  readonly quota: string;
  /** Field → its entries, which are read as they are asked for. */
  readonly lists: readonly (readonly [field: string, entries: AsyncIterable<object>])[];
  /** To be called when all is sent, or the reader has left. */
  readonly end: () => void;
}

/** Exports of one process at a time: each reads pages from the database for as long as its client takes them. */
const maxExports = 20;
/**
 * Exports of a user at a time, one of them for each session, and in an hour. They are counted per session, so that a thief of one leaves
 * the owner's other sessions theirs; for all of them together there is a limit, too, because each login makes a session.
 */
const maxOfUser = 3;
const [maxPerSession, maxPerUser] = [10, 50];
const hour = 3_600_000;
/** Beyond that the least recently active one is forgotten. */
const maxCounted = 20_000;
const refusal = {
  detail:
    'Your data was exported too often within the hour. Wait the number of seconds in the Retry-After header.',
};

/** What the service stores about a user, for that user to read and to delete. */
export class OwnDataService {
  readonly #running = new StreamLimit({ max: maxExports, maxPerSubject: 1 });
  readonly #runningOfUser = new StreamLimit({ max: maxExports, maxPerSubject: maxOfUser });
  readonly #bySession: RequestWindow;
  readonly #byUser: RequestWindow;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly users: UsersService,
    private readonly parts: readonly OwnDataPart[],
  ) {
    const options = { length: hour, maxKeys: maxCounted };
    this.#bySession = new RequestWindow(clock, { ...options, max: maxPerSession });
    this.#byUser = new RequestWindow(clock, { ...options, max: maxPerUser });
  }

  /** @throws {Problem} `too_many_streams`, `too_many_requests`, `busy`; `invalid_token` where the account was deleted in the meantime. */
  async export(caller: UserCaller, actor: Actor): Promise<OwnDataExport> {
    const { userId, sessionId } = caller;
    const end = this.#open(caller);
    try {
      const quota = this.#bySession.take(sessionId, refusal);
      this.#byUser.take(userId, refusal);
      const { queries } = this.database;
      const account = await usersStore.find(queries, userId);
      if (!account) throw new Problem('invalid_token');
      await auditStore.add(queries, this.clock, {
        event: 'own_data_exported',
        actor,
        target: { kind: 'user', id: userId, name: account.username },
      });
      const lists = this.parts.map(({ field, list }) => [field, list(queries, userId)] as const);
      return { account, begunAt: this.clock.now(), quota, lists, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** @returns what is to be called when the export has ended. */
  #open({ userId, sessionId }: UserCaller): () => void {
    const endOfUser = this.#runningOfUser.open(userId);
    try {
      const end = this.#running.open(sessionId);
      return () => {
        end();
        endOfUser();
      };
    } catch (error) {
      endOfUser();
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
