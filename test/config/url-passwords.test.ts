import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError, findSettingWarnings, readConfig } from '../../src/config/config.js';
import { describeSettings } from '../../src/config/settings-in-force.js';
import { settings, type Setting } from '../../src/config/settings.js';
import { readTracingSettings } from '../../src/observability/tracing-settings.js';
import { runCommand } from '../support/run-command.js';
import { TestClock } from '../support/clock.js';
import '../support/random.js';

const word = 'SECRETWORD';
const urlSettings = Object.values<Setting<unknown>>(settings).filter(({ url }) => url);
const names = urlSettings.map(({ name }) => name);
const tracingNames = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

const schemes = [
  ...['postgres:', 'postgresql:', 'Postgres:', 'sqlite:', 'https:', 'HTTPS:', 'http:', 'smtp:', 'smtps:'],
  ...['tls:', 'tcp:', 'udp:', 'jdbc:postgresql:', '*', ''],
];
const slashes = ['//', '/', '', '///', '\\\\', '/\\', '//\\'];
const users = ['postgres', '', '123', 'us er', 'us%40er', '%zz', 'a,b'];
const colons = [':', '%3A', '::', ':%'];
const before = [
  '',
  '123/',
  '/',
  '123?',
  '?',
  '123#',
  '\\',
  '@',
  ':',
  '%',
  '[',
  ' ',
  ',',
  '%2F',
  '%40',
  '&a=',
];
const after = ['', '/x', '?x', '#x', '@', '%', '&b=c', ',', ' ', '\\', '=x', ']'];
const ats = ['@', '%40', '@@', ' @'];
const hosts = ['127.0.0.1:25432', 'db.example.com', '[::1]', 'localhost', '', '127.0.0.1:99999', 'a,b:1'];
const tails = ['/lk', '', '/', '?sslmode=require', '/lk?sslmode=x', '/a/b', '#', `/lk?password=${word}`];

/** URLs with a password that has a word which can be searched for; most are wrong. */
const urls = fc
  .tuple(
    ...[['', ' ', '"', 'url=', 'https://example.com,'], schemes, slashes, users, colons, before].map((each) =>
      fc.constantFrom(...each),
    ),
    fc.constant(word),
    ...[after, ats, hosts, tails].map((each) => fc.constantFrom(...each)),
  )
  .map((parts) => parts.join(''));

/** Everything that is said about settings, whether or not they are right. */
function saidOf(environment: Readonly<Record<string, string>>): string {
  const said = [
    JSON.stringify(describeSettings(environment)),
    ...findSettingWarnings(environment),
    ...messagesOf(() => readConfig(environment, 'service')),
    ...messagesOf(() => readTracingSettings(environment)),
  ];
  return said.join('\n');
}

function messagesOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.errors : [(error as Error).message];
  }
}

describe('A password in the URL of a setting', () => {
  it('concerns each setting that has a URL', () => {
    expect(names).to.deep.equal([
      'DATABASE_URL',
      'LATCHKEY_ISSUER',
      'LATCHKEY_CORS_ORIGINS',
      'LATCHKEY_PASSKEY_ORIGINS',
      'LATCHKEY_AUDIT_WEBHOOK_URL',
      'LATCHKEY_AUDIT_SYSLOG',
      'LATCHKEY_SMTP_URL',
      'LATCHKEY_APP_URL',
      'LATCHKEY_BREACH_CHECK',
    ]);
  });

  for (const name of [...names, ...tracingNames]) {
    it(`is in nothing that is said about ${name}, however the URL is written`, () => {
      fc.assert(
        fc.property(urls, (url) => {
          expect(saidOf({ [name]: url })).not.to.include(word);
        }),
        { numRuns: 1500 },
      );
    });
  }

  it('is not said where it is in a setting that has no URL, or is meant for one that has a file', () => {
    const url = `https://user:${word}@example.com`;
    const said = saidOf({
      ...Object.fromEntries(
        ['LOG_LEVEL', 'JWT_COOKIE_DOMAIN', 'LATCHKEY_PASSKEY_RP_ID', 'LATCHKEY_MAIL_FROM'].map((name) => [
          name,
          url,
        ]),
      ),
      ...Object.fromEntries(names.map((name) => [`${name}_FILE`, url])),
      LATCHKEY_SECRET_FILE: word.repeat(600),
    });
    expect(said).to.match(/^LOG_LEVEL must be one of/m);
    expect(said).to.match(/^DATABASE_URL_FILE must be the path of a file, but there is no such file\.$/m);
    expect(said).not.to.include(word);
  });

  for (const url of [
    `postgres://postgres:123/${word}@127.0.0.1:25432/lk`,
    `postgres://postgres:/${word}@127.0.0.1/lk`,
    `postgres:/postgres:${word}@127.0.0.1/lk`,
    `Postgres:/postgres:${word}@127.0.0.1/lk`,
    `postgres:user:${word}@127.0.0.1/lk`,
    `postgres:\\\\user:${word}@127.0.0.1/lk`,
    `postgres://user%3A${word}%40127.0.0.1/lk`,
    `postgres://user${word}@127.0.0.1/lk`,
    `postgres:///user:${word}`,
    `postgres://user:123?${word}`,
    `sqlite://user:${word}@127.0.0.1/lk`,
  ]) {
    it(`is not printed by config check for ${url}`, async () => {
      const environment = {
        DATABASE_URL: url,
        LATCHKEY_DATABASE_WAIT: '1s',
        LATCHKEY_ISSUER: 'http://latchkey.test',
      };
      const { stdout } = await runCommand(['config', 'check'], { environment, clock: new TestClock() });
      const [line] = stdout.split('\n').filter((each) => each.startsWith('DATABASE_URL '));
      expect(line).to.include('********').and.not.include(word);
    });
  }

  for (const name of ['LATCHKEY_ISSUER', 'LATCHKEY_APP_URL', 'LATCHKEY_BREACH_CHECK']) {
    it(`is refused in ${name}, also without a user and before a slash`, () => {
      for (const url of [
        `user:${word}@example.com`,
        `:${word}@example.com`,
        `user:123/${word}@example.com/`,
      ]) {
        const said = saidOf({ [name]: `https://${url}` });
        expect(said).to.match(new RegExp(`^${name} must be an http.* URL without user, password.*\\.$`, 'm'));
        expect(said).not.to.include(word);
      }
    });
  }
});
