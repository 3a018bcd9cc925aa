import { styleText } from 'node:util';
import { showControls } from '../text/visible-text.js';

interface Entry {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
  readonly [field: string]: unknown;
}

type Style = Parameters<typeof styleText>[0];

/** pino's levels, from the gravest down: the name of the first that is not above an entry's. */
const levels: readonly (readonly [number, string, Style])[] = [
  [60, 'fatal', 'red'],
  [50, 'error', 'red'],
  [40, 'warn', 'yellow'],
  [30, 'info', 'cyan'],
  [20, 'debug', 'gray'],
  [0, 'trace', 'gray'],
];

/** What is the same in each entry of one process. */
const constant = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/**
 * A line of the log for a person: time, level, message, then the other fields; the stack of an error in lines of its own.
 * @param line one JSON object, as pino writes it.
 * @param stream where it goes: with colors, if that one shows them and `NO_COLOR` does not forbid them.
 */
export function formatReadableLine(line: string, stream: NodeJS.WritableStream): string {
  const entry = JSON.parse(line) as Entry;
  const [, name, style] = levels.find(([level]) => entry.level >= level) ?? [0, 'trace', 'gray'];
  const paint = (as: Style, text: string): string => styleText(as, text, { stream });
  const time = new Date(entry.time).toLocaleTimeString('en-GB');
  const fields = Object.entries(entry)
    .filter(([field]) => !constant.has(field))
    .map(([field, value]) => paint('gray', `${showControls(field)}=${formatField(value)}`));
  const { err, msg = '' } = entry;
  const parts = [paint('gray', time), paint(style, name.padEnd(5)), showControls(msg), ...fields];
  const stack = err === undefined ? [] : (err.stack ?? JSON.stringify(err)).split('\n');
  return [parts.filter((part) => part !== '').join(' '), ...stack.map(showControls), ''].join('\n');
}

function formatField(value: unknown): string {
  return showControls(typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
}
