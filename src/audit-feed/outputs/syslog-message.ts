import { hostname } from 'node:os';
import type { ChainedRow } from '../../audit/audit-list.store.js';
import { toIso } from '../audit-entry.js';
import { formatCef } from './cef.js';
import { isAlarming, isRefusal } from './event-weight.js';

export type SyslogFormat = 'rfc5424' | 'cef';

/** "Log audit" (RFC 5424 §6.2.1). */
const facility = 13;
const warning = 4;
const notice = 5;
/**
 * What receivers take by default; they cut off the rest (rsyslog: 8192 bytes). A datagram of more than 2048 bytes is one
 * that they need not take (RFC 5426 §3.2), and that networks lose sooner, because it comes in many pieces.
 */
export const maxBytes = { stream: 8000, datagram: 2048 } as const;
const omitted = '{"omitted":true}';
/** Characters of a text in a row that is too long without its details as well. */
const maxTextLength = 80;
/** Latchkey has no enterprise number; this one is for such cases (RFC 5612). */
const structuredDataId = 'latchkey@32473';

/**
 * A row as a syslog message (RFC 5424). Details that make it longer than a number of bytes are left out, and the message
 * says so.
 */
export function formatSyslog(
  row: ChainedRow,
  format: SyslogFormat,
  version: string,
  limit: number = maxBytes.stream,
): Buffer {
  const message = Buffer.from(formatWhole(row, format, version));
  if (message.length <= limit) return message;
  const short = Buffer.from(formatWhole({ ...row, details: omitted }, format, version));
  return short.length <= limit ? short : Buffer.from(formatWhole(cutTexts(row), format, version));
}

/** No service writes texts that are so long: a row that somebody else wrote must not hold up those after it. */
function cutTexts(row: ChainedRow): ChainedRow {
  const cut = Object.entries(row).map(([column, value]): [string, unknown] => [
    column,
    typeof value === 'string' ? value.slice(0, maxTextLength) : value,
  ]);
  return { ...(Object.fromEntries(cut) as unknown as ChainedRow), details: omitted };
}

function formatWhole(row: ChainedRow, format: SyslogFormat, version: string): string {
  const severity = isAlarming(row.event) || isRefusal(row.event) ? warning : notice;
  const header = [
    `<${facility * 8 + severity}>1`,
    toIso(row.at),
    toHeaderField(hostname(), 255),
    'latchkey',
    '-',
    toHeaderField(row.event, 32),
  ].join(' ');
  if (format === 'cef') return `${header} - ${formatCef(row, version)}`;
  return `${header} ${formatStructuredData(row)} \ufeff${describe(row)}`;
}

function formatStructuredData(row: ChainedRow): string {
  const { at, event, ...columns } = row;
  const parameters = Object.entries(columns)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` ${name}="${escapeParameter(String(value))}"`);
  return `[${structuredDataId} event="${event}" at="${toIso(at)}"${parameters.join('')}]`;
}

/** For a person: who, what, on what. */
function describe({ event, actor_name: actor, target_name: target, address }: ChainedRow): string {
  const said = [event, actor && `by ${actor}`, target && `on ${target}`, address && `from ${address}`];
  return escapeControls(said.filter(Boolean).join(' '));
}

/** RFC 5424 §6.3.3: quotes, backslashes and closing brackets. */
export function escapeParameter(value: string): string {
  return escapeControls(value).replaceAll(/["\\\]]/g, '\\$&');
}

/** A receiver may write a message to a file, where a line break in it would begin another record. */
function escapeControls(text: string): string {
  return text.replaceAll(
    /\p{Cc}|[\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Printable ASCII without spaces. */
function toHeaderField(text: string, maxLength: number): string {
  return text.replaceAll(/[^!-~]/g, '_').slice(0, maxLength) || '-';
}
