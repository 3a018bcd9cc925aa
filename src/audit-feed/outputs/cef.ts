import { isIPv4, isIPv6 } from 'node:net';
import { auditEvents } from '../../audit/audit-events.js';
import type { ChainedRow } from '../../audit/audit-list.store.js';
import { isAlarming, isRefusal } from './event-weight.js';

/** A row in ArcSight's Common Event Format, version 0. @param version of Latchkey. */
export function formatCef(row: ChainedRow, version: string): string {
  const docs: Readonly<Record<string, { readonly doc: string } | undefined>> = auditEvents;
  const name = docs[row.event]?.doc ?? row.event;
  const header = ['Latchkey', 'Latchkey', version, row.event, name, String(getSeverity(row.event))];
  return `CEF:0|${header.map(escapeHeader).join('|')}|${formatExtension(listFields(row))}`;
}

/** From 0 to 10. */
function getSeverity(event: string): number {
  return isAlarming(event) ? 8 : isRefusal(event) ? 5 : 3;
}

type Fields = readonly (readonly [key: string, value: string | number | null])[];

function listFields(row: ChainedRow): Fields {
  const { address, last_at: lastAt } = row;
  return [
    ['rt', row.at],
    ['externalId', row.id],
    ['outcome', isRefusal(row.event) ? 'failure' : 'success'],
    ['cnt', row.count],
    ...(lastAt === null
      ? []
      : ([
          ['start', row.at],
          ['end', lastAt],
        ] as const)),
    ['suid', row.actor_id],
    ['suser', row.actor_name],
    ['duid', row.target],
    ['duser', row.target_name],
    ...formatAddress(address),
    ['requestClientApplication', row.user_agent],
    ...label('cs1', 'sessionId', row.session_id),
    ...label('cs2', 'requestId', row.request_id),
    ...label('cs3', 'actorKind', row.actor_kind),
    ...label('cs4', 'targetKind', row.target_kind),
    ...label('cs5', 'details', row.details),
    ...label('cs6', 'hash', row.hash),
    ...label('cn1', 'sequence', row.sequence),
  ];
}

function label(key: string, name: string, value: string | number | null): Fields {
  if (value === null) return [];
  return [
    [key, value],
    [`${key}Label`, name],
  ];
}

/** `src` takes an address of IPv4 alone, and no field a network. */
function formatAddress(address: string | null): Fields {
  if (address !== null && isIPv4(address)) return [['src', address]];
  const isAddress = address !== null && isIPv6(address);
  return isAddress ? label('c6a2', 'Source IPv6 Address', address) : label('flexString1', 'network', address);
}

function formatExtension(fields: Fields): string {
  return fields
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${key}=${escapeValue(String(value))}`)
    .join(' ');
}

/** A header has no lines, and its fields end at a pipe. */
function escapeHeader(text: string): string {
  return text
    .replaceAll(/\p{Cc}|[\u2028\u2029]/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|');
}

/** A value ends where the next key and its equals sign begin. */
export function escapeValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('=', '\\=')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll(/\p{Cc}|[\u2028\u2029]/gu, ' ');
}
