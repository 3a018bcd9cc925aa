import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { BatchStatement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import type { DeviceRow } from '../database/schema.js';
import { toStoredClient, type RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import { devicesStore } from '../sessions/devices.store.js';

/** The devices of a user beyond these are forgotten, beginning with the one not used for longest. */
const maxDevices = 20;

interface DeviceUser {
  readonly id: string;
  readonly session_epoch: number;
}

/** A device to remember, in the transaction in which its session begins. */
export interface NewDevice {
  readonly id: string;
  /** The value of its cookie. */
  readonly token: string;
  readonly prepareStatements: (queries: Queries) => readonly BatchStatement[];
}

/** Remembers browsers that have proved a second factor, where the operator lets users ask for it. */
export class DevicesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    /** Seconds; 0: no device is remembered. */
    private readonly lifetime: number,
  ) {}

  get isOff(): boolean {
    return this.lifetime === 0;
  }

  create(user: DeviceUser, context: RequestContext): NewDevice {
    const token = createOpaqueToken();
    const now = this.clock.now();
    const client = toStoredClient(context);
    const row: DeviceRow = {
      id: createId(this.clock),
      user_id: user.id,
      token_hash: hashOpaqueToken(token),
      session_epoch: user.session_epoch,
      created_at: now,
      last_used_at: now,
      expires_at: now + this.lifetime * 1000,
      address: client.address ?? '',
      user_agent: client.user_agent ?? '',
    };
    return {
      id: row.id,
      token,
      prepareStatements: (queries) => [
        devicesStore.prepareAdd(queries, row),
        devicesStore.prepareDeleteOldest(queries, user.id, maxDevices),
      ],
    };
  }

  /** The device with this cookie, if it is one of the user's. */
  async find(user: DeviceUser, token: string): Promise<string | undefined> {
    if (this.isOff) return undefined;
    const device = await devicesStore.find(this.database.queries, {
      token_hash: hashOpaqueToken(token),
      user_id: user.id,
      session_epoch: user.session_epoch,
      now: this.clock.now(),
    });
    return device?.id;
  }

  /** For the transaction in which a session begins from a device. */
  prepareUse(queries: Queries, id: string): BatchStatement {
    return devicesStore.prepareUse(queries, id, this.clock.now());
  }

  list(userId: string): Promise<DeviceRow[]> {
    return this.isOff
      ? Promise.resolve([])
      : devicesStore.list(this.database.queries, userId, this.clock.now());
  }

  /** @throws {Problem} `device_not_found`. */
  async forget(userId: string, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (transaction) => {
      if (!(await devicesStore.delete(transaction, userId, id))) throw new Problem('device_not_found');
      await auditStore.add(transaction, this.clock, {
        event: 'device_forgotten',
        actor,
        target: { kind: 'user', id: userId },
      });
    });
  }
}
