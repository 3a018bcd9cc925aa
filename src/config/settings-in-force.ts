import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { secretNames } from './config.js';
import { getFileVariable, readSecretFiles } from './secret-files.js';
import { settings, type Setting } from './settings.js';

export interface SettingInForce {
  readonly name: string;
  /** As it is written in a variable; a secret's is not shown. Undefined: it is not set, and there is no fixed default. */
  readonly value: string | undefined;
  /** What happens without it, where there is no fixed default. */
  readonly otherwise?: string;
  /** `default`, `environment`, the file that a `…_FILE` variable names, or the settings' file. */
  readonly from: string;
}

const masked = '********';

/**
 * Every setting with where its value comes from, wrong ones included.
 * @param settingsFile a file such as `.env`, whose variables are in the environment already.
 */
export function describeSettings(
  variables: Readonly<Record<string, string | undefined>>,
  settingsFile?: string,
): readonly SettingInForce[] {
  const { environment, files } = readSecretFiles(secretNames, variables);
  const inFile =
    settingsFile !== undefined && existsSync(settingsFile)
      ? parseEnv(readFileSync(settingsFile, 'utf8'))
      : {};
  const findOrigin = (name: string, given: string): string =>
    inFile[name] === given ? String(settingsFile) : 'environment';
  return Object.values<Setting<unknown>>(settings).map((setting) => {
    const { name, secret = false } = setting;
    const given = environment[name];
    if (given) {
      const file = files.get(name);
      return {
        name,
        value: secret ? mask(name, given) : given,
        from: file === undefined ? findOrigin(name, given) : `${getFileVariable(name)} (${file})`,
      };
    }
    const { default: value, defaultInWords: otherwise } = setting;
    // `0` may mean "no limit": then the words explain the value.
    return { name, value, ...(otherwise !== undefined && { otherwise }), from: 'default' };
  });
}

/** Which database it is, is no secret; all that may come with its URL is left out. */
function mask(name: string, value: string): string {
  if (name !== settings.databaseUrl.name) return masked;
  if (value.startsWith('sqlite:')) return value;
  if (!URL.canParse(value)) return masked;
  const { protocol, username, password, host, pathname } = new URL(value);
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${masked}`}@`;
  return `${protocol}//${user}${host}${pathname}`;
}
