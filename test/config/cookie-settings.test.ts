import { expect } from 'chai';
import { readConfig, type ConfigError } from '../../src/config/config.js';
import { getMaxTokenLengthInCookie } from '../../src/config/cookie-settings.js';
import { computeRightsSize } from '../../src/tokens/access-token-size.js';
import { createOpaqueToken } from '../../src/keys/opaque-tokens.js';
import { deriveCsrfValue } from '../../src/sessions/token-cookies.js';
import { catchRejection } from '../support/rejections.js';
import { runCommand } from '../support/run-command.js';
import { readCookies } from '../support/cookies.js';
import { TestClock } from '../support/clock.js';
import { adminPassword, TestApp } from '../support/test-app.js';

const cookies = { JWT_TOKEN_LOCATION: 'headers,cookies' };

function errorsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({ ...cookies, ...settings }, 'service');
    return [];
  } catch (error) {
    return (error as ConfigError).errors;
  }
}

const nameSettings = [
  'JWT_ACCESS_COOKIE_NAME',
  'JWT_REFRESH_COOKIE_NAME',
  'JWT_ACCESS_CSRF_COOKIE_NAME',
  'JWT_REFRESH_CSRF_COOKIE_NAME',
] as const;
const getPathSetting = (name: string): string => name.replace(/_NAME$/, '_PATH');

describe('Cookies that browsers would not keep', () => {
  for (const [index, one] of nameSettings.entries()) {
    for (const other of nameSettings.slice(index + 1)) {
      it(`are refused where ${one} and ${other} are the same`, () => {
        const insecure = { JWT_COOKIE_SECURE: 'false' };
        const same = { [one]: 'same', [other]: 'same' };
        expect(errorsOf({ ...insecure, ...same })).to.deep.equal([
          `${one} and ${other} make one cookie, same with the path /, of which browsers keep only the value that is set last: choose another name in ${one}.`,
        ]);
        expect(errorsOf({ ...insecure, ...same, [getPathSetting(other)]: '/elsewhere' })).to.deep.equal([]);
        expect(errorsOf({ [one]: 'Same', [other]: 'same' })).to.deep.equal([]);
        // With their prefixes.
        expect(errorsOf({ [one]: '__Host-same', [other]: '__Host-same' })).to.have.length(1);
        expect(errorsOf({ JWT_TOKEN_LOCATION: 'headers', ...same })).to.deep.equal([]);
      });
    }
  }

  it('are refused where the name with its prefix is that of another', () => {
    const names = { JWT_ACCESS_COOKIE_NAME: 'same', JWT_ACCESS_CSRF_COOKIE_NAME: '__Host-same' };
    expect(errorsOf(names)).to.have.length(1);
    expect(errorsOf({ ...names, JWT_COOKIE_DOMAIN: 'example.com' })[0]).to.match(/no JWT_COOKIE_DOMAIN/);
    expect(errorsOf({ ...names, JWT_CSRF_IN_COOKIES: 'false' })).to.have.length(1);
  });

  it('are refused where the name is that of remembered devices', () => {
    const name = { JWT_ACCESS_COOKIE_NAME: 'latchkey_device' };
    expect(errorsOf({ ...name, LATCHKEY_REMEMBERED_DEVICES: '30d' })).to.deep.equal([
      'JWT_ACCESS_COOKIE_NAME and LATCHKEY_REMEMBERED_DEVICES make one cookie, __Host-latchkey_device with the path /, of which browsers keep only the value that is set last: choose another name in JWT_ACCESS_COOKIE_NAME.',
    ]);
    expect(errorsOf(name)).to.deep.equal([]);
  });

  for (const setting of nameSettings) {
    for (const prefix of ['__Host-', '__host-', '__HOST-', '__Secure-', '__secure-', '__Http-']) {
      const isOfHost = prefix.toLowerCase() === '__host-';
      const isRefused = prefix === '__Http-' && setting.includes('CSRF');
      it(`are refused where ${setting} begins with ${prefix} and the cookie may not have it`, () => {
        const name = { [setting]: `${prefix}x` };
        expect(errorsOf(name)).to.have.length(isRefused ? 1 : 0);
        expect(errorsOf({ ...name, JWT_COOKIE_SECURE: 'false' })[0]).to.equal(
          `${setting} makes the cookie ${prefix}x, which browsers take only with JWT_COOKIE_SECURE=true: change that, or choose a name without ${prefix}.`,
        );
        const path = { [getPathSetting(setting)]: '/x' };
        const domain = { JWT_COOKIE_DOMAIN: 'example.com' };
        const [error] = errorsOf({ ...name, ...path, ...domain });
        if (isOfHost)
          expect(error).to.include(`only with no JWT_COOKIE_DOMAIN and ${getPathSetting(setting)}=/:`);
        else if (!isRefused) expect(error).to.be.undefined;
      });
    }
  }

  for (const setting of nameSettings) {
    it(`are refused where ${setting} leaves no room for the value`, () => {
      const [error] = errorsOf({ [setting]: 'n'.repeat(4060), JWT_COOKIE_DOMAIN: 'example.com' });
      expect(error).to.match(
        new RegExp(
          `^${setting} makes a cookie that is too long by \\d+ bytes: browsers keep 4096 bytes of name, value and attributes together\\. Make ${setting}, ${getPathSetting(setting)}, JWT_COOKIE_DOMAIN shorter\\.$`,
        ),
      );
    });
  }

  it('are refused at the start as by config check', async () => {
    for (const settings of [
      { JWT_ACCESS_COOKIE_NAME: '__Host-a', JWT_ACCESS_COOKIE_PATH: '/x' },
      { JWT_REFRESH_COOKIE_NAME: 'n'.repeat(4060) },
      { JWT_REFRESH_CSRF_COOKIE_NAME: 'csrf_access_token' },
    ]) {
      const error = await catchRejection(TestApp.start({ settings: { ...cookies, ...settings } }));
      const environment = { DATABASE_URL: 'sqlite::memory:', ...cookies, ...settings };
      const ran = await runCommand(['config', 'check'], { environment, clock: new TestClock() });
      expect(ran.stdout).not.to.include('The settings are right.');
      expect(ran.stderr.trim()).to.equal(error instanceof Error ? error.message : undefined);
    }
  });
});

describe('Cookies that browsers keep', () => {
  it('may have the longest name, and not a character more', async () => {
    const findLongest = (setting: string): string => {
      let length = 4096;
      while (errorsOf({ ...settings, [setting]: 'n'.repeat(length) }).length > 0) length -= 1;
      return 'n'.repeat(length);
    };
    const settings = { ...cookies, JWT_SESSION_COOKIE: 'false', JWT_REFRESH_COOKIE_PATH: '/refresh' };
    const app = await TestApp.start({
      settings: {
        ...settings,
        JWT_REFRESH_COOKIE_NAME: findLongest('JWT_REFRESH_COOKIE_NAME'),
        JWT_ACCESS_CSRF_COOKIE_NAME: findLongest('JWT_ACCESS_CSRF_COOKIE_NAME'),
      },
    });
    const response = await app
      .post('/login/cookies', { username: 'admin', password: adminPassword })
      .expect(200);
    await app.close();
    const sizes = (response.headers['set-cookie'] as unknown as string[]).map((each) => each.length);
    expect(Object.keys(readCookies(response))).to.have.length(4);
    expect(Math.max(...sizes)).to.equal(4096);
    expect(sizes.filter((size) => size === 4096)).to.have.length(2);
  });

  it('are measured with values as long as they are', () => {
    expect(deriveCsrfValue('x')).to.have.length(43);
    expect(createOpaqueToken()).to.have.length(43);
  });

  it('leave no room that an administrator’s token would not need', async () => {
    const app = await TestApp.start({
      settings: {
        ...cookies,
        LATCHKEY_ISSUER: 'http://a',
        JWT_ALGORITHM: 'HS256',
        JWT_SECRET_KEY: 's'.repeat(32),
      },
    });
    const { accessTokens, config } = app.services;
    const room = accessTokens.rightsCapacity - computeRightsSize(['admin'], []);
    const needed = getMaxTokenLengthInCookie(config) - Math.ceil((room * 4) / 3);
    await app.close();
    expect(needed).to.be.greaterThan(1500);
  });
});
