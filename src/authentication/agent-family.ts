/** What a user logs in with, as far as people tell programs apart. */
export interface AgentFamily {
  /** One of a closed list; empty: another program. */
  readonly browser: string;
  /** The same; empty: unknown. */
  readonly system: string;
}

/** Name → what its `User-Agent` has, the more special ones first: each names those that it is like. */
const browsers: readonly (readonly [name: string, ...marks: readonly string[]])[] = [
  ['Edge', 'Edg/', 'EdgA/', 'EdgiOS/'],
  ['Opera', 'OPR/', 'OPiOS/', 'OPT/'],
  ['Samsung Internet', 'SamsungBrowser/'],
  ['Firefox', 'Firefox/', 'FxiOS/'],
  ['Chrome', 'Chrome/', 'CriOS/', 'Chromium/'],
  ['Safari', 'Safari/'],
];
const systems: readonly (readonly [name: string, ...marks: readonly string[]])[] = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['macOS', 'Macintosh'],
  ['Windows', 'Windows'],
  ['ChromeOS', 'CrOS'],
  ['Linux', 'Linux'],
];

/** Without versions, which change with every update. No part of the header itself: it may say whatever its sender likes. */
export function findAgentFamily(userAgent: string | null): AgentFamily {
  const find = (known: typeof browsers): string =>
    known.find(([, ...marks]) => marks.some((mark) => userAgent?.includes(mark)))?.[0] ?? '';
  return { browser: find(browsers), system: find(systems) };
}

/** As it is stored. */
export function formatAgentFamily({ browser, system }: AgentFamily): string {
  const name = browser === '' ? 'another program' : browser;
  return system === '' ? name : `${name} on ${system}`;
}
