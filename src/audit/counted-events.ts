import ipaddr from 'ipaddr.js';
import { canonicalizeAddress, parseAddress } from '../http/addresses.js';
import { getNetwork } from '../http/network.js';
import type { RequestContext } from '../http/request-context.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Actor } from './actor.js';
import type { AuditEvent } from './audit-events.js';
import { auditStore, type AuditTarget, type CountedEntry } from './audit.store.js';

/** Something that may happen thousands of times a second. */
export interface CountedEvent {
  readonly event: Extract<
    AuditEvent,
    'login_failed' | 'login_refused' | 'permission_denied' | 'client_authentication_failed'
  >;
  /** Undefined where nobody is known to have acted. */
  readonly actor?: Actor | undefined;
  /** Undefined for a name that nobody has: it may be a password, typed into the wrong field. */
  readonly target?: AuditTarget | undefined;
  readonly context: RequestContext;
  /** Counted apart in the details: one of a few. */
  readonly reason?: string;
  /** Listed in the details. */
  readonly permissions?: readonly string[];
}

/** Between two flushes; what is more is counted in one row for each event. */
const maxRows = 100;
/** In a day; then one row for each event and flush is written. */
const maxRowsPerDay = 10_000;
const maxPermissions = 10;
const day = 86_400_000;

interface Count {
  readonly first: CountedEvent;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  readonly isOverflow: boolean;
  readonly reasons: Map<string, number>;
  readonly permissions: Set<string>;
}

/**
 * Counts failed and refused requests by account and network, and writes a row for each once a minute: an attack cannot fill
 * the disk, nor the memory.
 */
export class CountedEvents {
  #counts = new Map<string, Count>();
  #rowsOfDay = 0;
  #dayEndsAt = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  add(what: CountedEvent): void {
    const now = this.clock.now();
    const account = what.actor?.id ?? what.target?.id ?? '';
    const key = `${what.event} ${account} ${getNetwork(what.context.address ?? '')}`;
    const count = this.#counts.get(key) ?? this.#begin(key, what, now);
    count.count += 1;
    count.lastAt = now;
    if (what.reason !== undefined) count.reasons.set(what.reason, (count.reasons.get(what.reason) ?? 0) + 1);
    for (const permission of what.permissions ?? [])
      if (count.permissions.size < maxPermissions) count.permissions.add(permission);
  }

  /** Writes what was counted. Where that fails, it is kept, and counted on. */
  async flush(): Promise<void> {
    if (this.#counts.size === 0) return;
    const flushed = this.#counts;
    this.#counts = new Map();
    try {
      await this.database.transaction(async (transaction) => {
        for (const count of flushed.values()) await auditStore.addCounted(transaction, toEntry(count));
      });
    } catch (error) {
      this.#keep(flushed);
      throw error;
    }
  }

  #begin(key: string, first: CountedEvent, now: number): Count {
    if (now >= this.#dayEndsAt || now < this.#dayEndsAt - day) {
      this.#rowsOfDay = 0;
      this.#dayEndsAt = now + day;
    }
    const isFull = this.#counts.size >= maxRows || this.#rowsOfDay >= maxRowsPerDay;
    const usedKey = isFull ? `${first.event} overflow` : key;
    const known = this.#counts.get(usedKey);
    if (known) return known;
    this.#rowsOfDay += 1;
    const count = {
      first,
      ...{ firstAt: now, lastAt: now, count: 0, isOverflow: isFull },
      ...{ reasons: new Map<string, number>(), permissions: new Set<string>() },
    };
    this.#counts.set(usedKey, count);
    return count;
  }

  /** Keeps the counts of a failed flush: no more than `maxRows`, as of one minute. */
  #keep(flushed: ReadonlyMap<string, Count>): void {
    const since = this.#counts;
    this.#counts = new Map(flushed);
    for (const [key, later] of since) {
      const count = this.#counts.get(key) ?? this.#begin(key, later.first, later.firstAt);
      count.count += later.count;
      count.lastAt = later.lastAt;
      for (const [reason, times] of later.reasons)
        count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + times);
      for (const permission of later.permissions)
        if (count.permissions.size < maxPermissions) count.permissions.add(permission);
    }
  }
}

function toEntry({ first, count, firstAt, lastAt, isOverflow, reasons, permissions }: Count): CountedEntry {
  const { event, actor, target, context } = first;
  const network = formatNetwork(context.address);
  return {
    event,
    // One of several accounts must not stand for all.
    ...(!isOverflow && { actor, target, context }),
    count,
    firstAt,
    lastAt,
    details: {
      ...(reasons.size > 0 && { reasons: Object.fromEntries(reasons) }),
      ...(permissions.size > 0 && { permissions: [...permissions].sort() }),
      ...(network !== undefined && !isOverflow && { network }),
      ...(isOverflow && { overflow: true }),
    },
  };
}

/** The /64 of an IPv6 address, in which the counted addresses are; undefined for IPv4. */
function formatNetwork(address: string | null): string | undefined {
  const bare = address === null ? undefined : parseAddress(address);
  const canonical = bare === undefined ? undefined : canonicalizeAddress(bare);
  if (canonical === undefined || !ipaddr.IPv6.isValid(canonical)) return undefined;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${canonical}/64`).toRFC5952String()}/64`;
}
