import { basename } from 'node:path';
import { checkProtected } from '../harness/check-protected.ts';
import type { Conditions } from '../harness/conditions.ts';
import type { Load, Requests } from '../harness/load.ts';
import { measure, computeMedians, describeNoise, warmUp, type Figures } from '../harness/measure.ts';
import { atLeast, atMost, number, ratio, type Aim, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { Server, type ServerProgram } from '../harness/server.ts';
import { makePeerTokens } from '../harness/tokens.ts';
import { latchkey, prepare, profileLatchkey, readyPath } from '../latchkey/latchkey.ts';
import { peers, prepareBetterAuth, addKey, type Peer } from '../peers.ts';
import { findMissingToolchain } from '../toolchains.ts';
import type { Options, Scenario } from './scenario.ts';

const connections = 32;
const baseline = 'express-lean';
const own = 'latchkey';
const ownTitle = '**Latchkey, ES256**';
const table = { name: '', rate: 'requests/s' } as const;

/** What Latchkey is to be at least as fast as. */
const rivals = {
  'express-lean': 'lean Express without authentication',
  'express-headers': 'lean Express without authentication that sends the same headers',
  'fastify-jwt-es256-cache': 'Fastify + @fastify/jwt with its cache, ES256',
  'fastify-jwt-hs256-cache': 'Fastify + @fastify/jwt with its cache, HS256',
  'go-jwt-es256': 'Go + golang-jwt, ES256',
  'go-jwt-hs256': 'Go + golang-jwt, HS256',
} as const;
const aim = 1;
/** Those whose framework is Latchkey's too: its processor time is compared as well. */
const sameFramework = ['express-lean', 'express-headers'];

interface Subject {
  readonly name: string;
  readonly title: string;
  readonly program: ServerProgram;
  readonly readyPath: string;
  readonly requests: Requests;
  /** Whether it remembers tokens: then it is to see them all before it is measured. */
  readonly remembers?: boolean;
}

/** A peer that could not be installed. */
interface Absent {
  readonly title: string;
  readonly reason: string;
}

export const protectedOperation: Scenario = {
  title: `GET /protected, 10,000 tokens in turn, ${connections} connections`,
  toolchains: [...new Set(peers.map(({ toolchain }) => toolchain))],
  comparisons: [
    {
      title: 'GET /protected, requests/s on one core',
      table: table.name,
      column: table.rate,
      own: ownTitle,
      others: peers.map(({ name, title, shortTitle, credentials }) => ({
        row: title,
        ...(shortTitle !== undefined && { label: shortTitle }),
        kind: credentials === 'none' ? 'limit' : 'peer',
        ...(name in rivals && { aim }),
      })),
    },
  ],
  run: async (given, options) => {
    const conditions = { ...given, rounds: given.fewRounds(4) };
    const { subjects, absent } = findSubjects(conditions, options);
    const servers = new Map<Subject, Server>();
    try {
      for (const subject of subjects) servers.set(subject, await startAndCheck(conditions, subject));
      const figures = await measureAll(conditions, servers);
      return report(figures, servers, absent, [`Medians of ${conditions.rounds} rounds.`]);
    } finally {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    }
  },
  profile: (conditions, file) => {
    const prepared = prepare(conditions, { sessions: conditions.tokens });
    const requests = requestsWith({ as: 'Authorization', file: prepared.accessTokens });
    return profileLatchkey(conditions, prepared, () => ({ connections, requests }), file);
  },
};

function findSubjects(
  conditions: Conditions,
  { only, against }: Options,
): { readonly subjects: readonly Subject[]; readonly absent: readonly Absent[] } {
  const isWanted = ({ name }: { readonly name: string }): boolean => only?.includes(name) ?? true;
  const names = [own, ...peers.map(({ name }) => name)];
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(
      `--only names ${unknown.join(', ')}, which is not there. There are: ${names.join(', ')}.`,
    );
  }
  const absent: Absent[] = [];
  const present = peers.filter(isWanted).filter(({ title, toolchain }) => {
    const reason = findMissingToolchain(toolchain);
    if (reason !== undefined) absent.push({ title, reason });
    return reason === undefined;
  });
  const ownOnes = isWanted({ name: own }) ? listOwnSubjects(conditions, against) : [];
  return { subjects: [...ownOnes, ...listPeerSubjects(conditions, present)], absent };
}

function listOwnSubjects(conditions: Conditions, against: readonly string[]): Subject[] {
  const prepared = prepare(conditions, { sessions: conditions.tokens });
  const subject = {
    name: own,
    title: ownTitle,
    program: latchkey(prepared),
    readyPath,
    requests: requestsWith({ as: 'Authorization', file: prepared.accessTokens }),
    remembers: true,
  };
  const others = against.map((from) => {
    const ofOther = prepare(conditions, { sessions: conditions.tokens, from });
    return {
      ...subject,
      name: from,
      title: `Latchkey of ${basename(from)}`,
      program: latchkey(ofOther, [], {}, from),
      requests: requestsWith({ as: 'Authorization', file: ofOther.accessTokens }),
    };
  });
  return [subject, ...others];
}

function requestsWith(lines?: Requests['lines']): Requests {
  return { method: 'GET', path: '/protected', ...(lines && { lines }) };
}

function listPeerSubjects(conditions: Conditions, present: readonly Peer[]): Subject[] {
  const folder = conditions.newFolder('peer-tokens');
  const keys = {
    HS256: makePeerTokens('HS256', conditions.tokens, folder),
    ES256: makePeerTokens('ES256', conditions.tokens, folder),
  };
  const betterAuth = present.some(({ credentials }) => credentials.startsWith('better-auth'))
    ? prepareBetterAuth(conditions)
    : undefined;
  return present.map(({ name, title, credentials, program }) => {
    const common = { name, title, readyPath: '/protected' };
    switch (credentials) {
      case 'none':
        return { ...common, program: (port) => program(port, ''), requests: requestsWith() };
      case 'HS256':
      case 'ES256': {
        const data = conditions.newFolder(name);
        const key = keys[credentials];
        return {
          ...common,
          program: (port) => addKey(program(port, data), key),
          requests: requestsWith({ as: 'Authorization', file: key.file }),
          ...(name.endsWith('-cache') && { remembers: true }),
        };
      }
      case 'better-auth session':
      case 'better-auth JWT': {
        const { folder: data = '', cookies = '', tokens: file = '' } = betterAuth ?? {};
        return {
          ...common,
          program: (port) => program(port, data),
          requests: requestsWith(
            credentials === 'better-auth session'
              ? { as: 'Cookie', file: cookies }
              : { as: 'Authorization', file },
          ),
        };
      }
    }
  });
}

async function startAndCheck({ cores }: Conditions, subject: Subject): Promise<Server> {
  const server = await Server.start(
    subject.program,
    cores.server,
    subject.readyPath,
    subject.readyPath === readyPath ? 200 : undefined,
  );
  await checkProtected(server, subject.requests);
  return server;
}

function createLoad({ requests }: Subject): Load {
  return { connections, requests };
}

async function measureAll(
  conditions: Conditions,
  servers: ReadonlyMap<Subject, Server>,
): Promise<Map<Subject, Figures>> {
  const once = ([subject, server]: readonly [Subject, Server]): Promise<Figures> =>
    measure(server, createLoad(subject), conditions);
  for (const [subject, server] of servers)
    await warmUp(server, createLoad(subject), conditions, subject.remembers);
  const rounds = await interleave([...servers], conditions.rounds, once);
  return new Map([...rounds].map(([[subject], figures]) => [subject, computeMedians(figures)]));
}

function report(
  figures: ReadonlyMap<Subject, Figures>,
  servers: ReadonlyMap<Subject, Server>,
  absent: readonly Absent[],
  notes: readonly string[],
): Report {
  const byName = new Map([...figures].map(([{ name }, each]) => [name, each]));
  const base = byName.get(baseline);
  const against = (of: 'perSecond' | 'cpu', each: Figures): string =>
    base ? ratio(each[of] / base[of]) : '';
  return {
    tables: [
      {
        columns: [table.name, table.rate, 'ratio', 'CPU µs a request', 'ratio', 'p99 ms', 'memory MiB'],
        rows: [
          ...[...figures].map(([subject, each]) => [
            subject.title,
            number(each.perSecond),
            against('perSecond', each),
            number(each.cpu),
            against('cpu', each),
            number(each.p99),
            number(servers.get(subject)?.process.memory().resident ?? NaN),
          ]),
          ...absent.map(({ title, reason }) => [title, `not measured: ${reason}`, '', '', '', '', '']),
        ],
      },
    ],
    aims: aims(byName),
    notes: [
      ...(base ? ['Ratios: to Express, no authentication, lean.'] : []),
      ...notes,
      ...describeNoise(figures.values()),
    ],
  };
}

function aims(byName: ReadonlyMap<string, Figures>): Aim[] {
  const latchkey = byName.get(own);
  if (!latchkey) return [];
  return Object.entries(rivals).flatMap(([name, what]) => {
    const peer = byName.get(name);
    if (!peer) return [];
    return [
      atLeast(`requests/s to ${what}`, aim, latchkey.perSecond / peer.perSecond),
      ...(sameFramework.includes(name)
        ? [atMost(`CPU a request to ${what}`, aim, latchkey.cpu / peer.cpu)]
        : []),
    ];
  });
}
