import { toAuditEntry } from '../audit-feed/audit-entry.js';
import { loginPlacesStore } from '../authentication/login-places.store.js';
import { formatTime } from '../clock.js';
import type { Queries } from '../database/database.js';
import type { AuditRow, ForeignIdRow } from '../database/schema.js';
import { toPasskey } from '../passkeys/passkey-responses.js';
import type { Passkey } from '../passkeys/passkeys.models.js';
import { passkeysStore } from '../passkeys/passkeys.store.js';
import type { Device } from '../second-factors/second-factors.models.js';
import { toDevice } from '../second-factors/second-factor-responses.js';
import { totpStore } from '../second-factors/totp.store.js';
import { devicesStore } from '../sessions/devices.store.js';
import { readInPages, type OwnDataPart } from '../users/own-data-part.js';
import type { OwnForeignAccount, OwnMessage } from './own-data.models.js';
import type { OwnAction, OwnEvent } from './own-events.models.js';
import type { OwnAuthenticatorApp, OwnLoginPlace, OwnSession } from './own-logins.models.js';
import { ownDataStore } from './own-data.store.js';

const sessions: OwnDataPart = {
  field: 'sessions',
  tables: ['sessions'],
  async *list(queries, userId): AsyncGenerator<OwnSession> {
    const rows = readInPages<Awaited<ReturnType<typeof ownDataStore.listSessions>>[number]>((last, limit) =>
      ownDataStore.listSessions(queries, { userId, after: last, limit }),
    );
    for await (const row of rows) {
      yield {
        id: row.id,
        created_at: formatTime(row.created_at),
        authenticated_at: formatTime(row.authenticated_at),
        last_used_at: formatTime(row.last_used_at),
        expires_at: formatTime(row.expires_at),
        ...(row.revoked_at !== null && { ended_at: formatTime(row.revoked_at) }),
        methods: row.amr.split(' ').filter((method) => method !== ''),
        ...(row.second_factor_at !== null && { second_factor_at: formatTime(row.second_factor_at) }),
        ...(row.device_id !== null && { device_id: row.device_id }),
        address: row.address,
        user_agent: row.user_agent,
      };
    }
  },
};

const passkeys: OwnDataPart = {
  field: 'passkeys',
  tables: ['latchkey_passkeys'],
  async *list(queries, userId): AsyncGenerator<Passkey> {
    yield* (await passkeysStore.list(queries, userId)).map(toPasskey);
  },
};

const authenticatorApps: OwnDataPart = {
  field: 'authenticator_apps',
  tables: ['latchkey_totp'],
  async *list(queries, userId): AsyncGenerator<OwnAuthenticatorApp> {
    const totp = await totpStore.find(queries, userId);
    if (totp) {
      yield {
        created_at: formatTime(totp.created_at),
        ...(totp.confirmed_at !== null && { confirmed_at: formatTime(totp.confirmed_at) }),
      };
    }
  },
};

const devices: OwnDataPart = {
  field: 'devices',
  tables: ['latchkey_devices'],
  async *list(queries, userId): AsyncGenerator<Device> {
    yield* (await devicesStore.listAll(queries, userId)).map(toDevice);
  },
};

const loginPlaces: OwnDataPart = {
  field: 'login_places',
  tables: ['latchkey_login_places'],
  async *list(queries, userId): AsyncGenerator<OwnLoginPlace> {
    for (const row of await loginPlacesStore.list(queries, userId)) {
      yield {
        ...{ network: row.network, agent: row.agent },
        created_at: formatTime(row.created_at),
        last_used_at: formatTime(row.last_used_at),
        expires_at: formatTime(row.expires_at),
      };
    }
  },
};

type StoredMessage = Awaited<ReturnType<typeof ownDataStore.listMessages>>[number];

const messages: OwnDataPart = {
  field: 'messages',
  tables: ['latchkey_outbox'],
  async *list(queries, userId): AsyncGenerator<OwnMessage> {
    const rows = readInPages<StoredMessage>((last, limit) =>
      ownDataStore.listMessages(queries, { userId, after: last?.id, limit }),
    );
    for await (const { id, template, address, language, state, ...times } of rows) {
      yield {
        ...{ id, template, address, language, state },
        created_at: formatTime(times.created_at),
        ...(times.done_at !== null && { done_at: formatTime(times.done_at) }),
      };
    }
  },
};

const foreignAccounts: OwnDataPart = {
  field: 'foreign_accounts',
  tables: ['latchkey_foreign_ids'],
  async *list(queries, userId): AsyncGenerator<OwnForeignAccount> {
    yield* (await ownDataStore.listForeignIds(queries, userId)).map(toForeignAccount);
  },
};

const events: OwnDataPart = {
  field: 'events',
  tables: ['audit'],
  async *list(queries, userId): AsyncGenerator<OwnEvent> {
    for await (const row of readAudit(queries, 'target', userId)) yield toEvent(row, userId);
  },
};

const actions: OwnDataPart = {
  field: 'actions',
  tables: ['audit'],
  async *list(queries, userId): AsyncGenerator<OwnAction> {
    for await (const row of readAudit(queries, 'actor_id', userId)) {
      // Those are among the events.
      if (row.target !== userId) yield toAction(row);
    }
  },
};

/** What an export has beside the account itself. A folder that stores something about users adds its part. */
export const ownDataParts: readonly OwnDataPart[] = [
  ...[sessions, passkeys, authenticatorApps, devices, loginPlaces, messages, foreignAccounts],
  ...[events, actions],
];

/** The tables whose rows are in the account itself. */
export const accountTables = ['users', 'user_roles'] as const;

/** Tables with a `user_id` that no export has, each with the reason. A test holds every table to one list or the other. */
export const tablesNotExported: Readonly<Record<string, string>> = {
  latchkey_safety_links:
    'hashes of links that take the account back, each for a week; the messages are listed',
  latchkey_account_tokens: 'links to verify an address or choose a password, each for an hour at most',
  latchkey_recovery_codes: 'hashes of recovery codes, of use to nobody',
  latchkey_login_challenges: 'logins that wait for their second factor, each for minutes',
};

function readAudit(
  queries: Queries,
  column: 'target' | 'actor_id',
  userId: string,
): AsyncGenerator<AuditRow> {
  return readInPages<AuditRow>((last, limit) =>
    ownDataStore.listAudit(queries, column, { userId, after: last?.id, limit }),
  );
}

function toForeignAccount({ source, foreign_id: id, ...row }: ForeignIdRow): OwnForeignAccount {
  return {
    source,
    id,
    ...(row.email !== null && { email: row.email }),
    email_verified: row.email_verified === 1,
    imported_at: formatTime(row.imported_at),
  };
}

/** Without who else acted, and from where: that is another person's data. */
function toEvent(row: AuditRow, userId: string): OwnEvent {
  const { id, at, event, actor, details, count, last_at: lastAt, ...where } = toAuditEntry(row);
  const byYou = row.actor_id === userId;
  const isOthers = !byYou && row.actor_kind !== null;
  return {
    id,
    at,
    event,
    by_you: byYou,
    ...(isOthers && actor?.kind !== undefined && { actor_kind: actor.kind }),
    ...(!isOthers && pickOrigin(where)),
    ...(details && { details }),
    count,
    ...(lastAt !== undefined && { last_at: lastAt }),
  };
}

function toAction(row: AuditRow): OwnAction {
  const { id, at, event, target, count, last_at: lastAt, ...where } = toAuditEntry(row);
  return {
    id,
    at,
    event,
    ...(target?.kind !== undefined && { target_kind: target.kind }),
    ...pickOrigin(where),
    count,
    ...(lastAt !== undefined && { last_at: lastAt }),
  };
}

type Origin = Pick<OwnEvent, 'session_id' | 'address' | 'user_agent'>;

function pickOrigin({ session_id, address, user_agent }: Origin): Origin {
  return {
    ...(session_id !== undefined && { session_id }),
    ...(address !== undefined && { address }),
    ...(user_agent !== undefined && { user_agent }),
  };
}
