import type { Clock } from '../clock.js';
import type { Statement } from '../database/batch.js';
import type { Database, Queries } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import { getWideNetwork } from '../http/network.js';
import type { RequestContext } from '../http/request-context.js';
import type { CheckedUser, LoginProof, SessionStarter } from '../sessions/session-starter.js';
import type { TokenSet } from '../sessions/token-sets.js';
import { findAgentFamily, formatAgentFamily } from './agent-family.js';
import { loginPlacesStore, type LoginPlace } from './login-places.store.js';

const day = 86_400_000;
/** Milliseconds after a login from there for which a place is remembered. */
const lifetime = 365 * day;
/** A place that was used since then is known without a write. */
const renewal = 7 * day;
/** Per account: beyond it, the least recently used is forgotten. */
const maxPlaces = 50;
/** Per account: more would tell nothing new. */
const maxMessagesPerDay = 5;

/** A user who logs in, with what the statement that found the user knows of the place. */
export type PlacedUser = CheckedUser & {
  /** When the user last logged in from there; null: never; undefined: not read. */
  readonly place_used_at?: number | null;
};

/** Where a login comes from. */
export function findLoginPlace({ address, userAgent }: RequestContext): LoginPlace {
  return {
    network: getWideNetwork(address ?? ''),
    agent: formatAgentFamily(findAgentFamily(userAgent)),
  };
}

/**
 * Begins the sessions of logins, and tells users of those from a network or with a program that is new to the account, as its own
 * history has it. A login from a known place takes not one statement more; all others write in the transaction in which
 * the session begins.
 */
export class LoginPlaces {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly sessions: SessionStarter,
    private readonly notices: SafetyNotices,
    /** Whether places are remembered, and users told of new ones. */
    private readonly isOn: boolean,
  ) {}

  /** As `SessionStarter.begin`. */
  async begin(
    user: PlacedUser,
    proof: LoginProof,
    getExtraStatements: (queries: Queries) => readonly Statement[],
    context: RequestContext,
  ): Promise<TokenSet | undefined> {
    const remember = this.isOn ? await this.#prepare(user, context) : undefined;
    // First: the limiter's rows are locked last.
    const getStatements = remember
      ? (queries: Queries) => [...remember(queries), ...getExtraStatements(queries)]
      : getExtraStatements;
    return this.sessions.begin(user, proof, getStatements, context);
  }

  /** @returns undefined where the place is known. */
  async #prepare(
    { id: userId, place_used_at: read }: PlacedUser,
    context: RequestContext,
  ): Promise<((queries: Queries) => readonly Statement[]) | undefined> {
    const { queries: reading } = this.database;
    const place = findLoginPlace(context);
    const now = this.clock.now();
    const usedAt = read === undefined ? await loginPlacesStore.findLastUse(reading, userId, place) : read;
    if (usedAt !== null && usedAt > now - renewal) return undefined;
    const notice = await this.#prepareNotice(userId, place, context, now);
    return (queries) => [
      loginPlacesStore.prepareRemember(queries, {
        ...{ user_id: userId, ...place },
        ...{ created_at: now, last_used_at: now, expires_at: now + lifetime },
      }),
      loginPlacesStore.prepareDeleteOldest(queries, userId, maxPlaces),
      ...notice,
    ];
  }

  /** None for the first login ever; an account that nobody has used for as long as places are remembered is told. */
  async #prepareNotice(
    userId: string,
    place: LoginPlace,
    context: RequestContext,
    now: number,
  ): Promise<readonly Statement[]> {
    const { queries } = this.database;
    const query = { userId, ...place, now, newSince: now - day };
    const { places, inNetwork, withAgent, recent, lastLoginAt } = await loginPlacesStore.readHistory(
      queries,
      query,
    );
    const isFirst = places === 0 && (lastLoginAt === null || lastLoginAt > now - lifetime);
    const isKnown = inNetwork > 0 && withAgent > 0;
    if (isFirst || isKnown || recent >= maxMessagesPerDay) return [];
    return this.notices.prepare(queries, {
      template: 'new_login',
      userId,
      at: now,
      clientAddress: context.address,
      // Two logins at the same time cause one message.
      key: `new_login ${userId} ${place.network} ${place.agent} ${Math.floor(now / 60_000)}`,
      variables: findAgentFamily(context.userAgent),
    });
  }
}
