import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describeDatabaseUrl } from '../database/database-url.js';
import { mayRepeat, secretNames } from './config.js';
import { getFileVariable, readSecretFiles } from './secret-files.js';
import { settings, type Setting } from './settings.js';

export interface SettingInForce {
  readonly name: string;
  /** As it is written in a variable; a secret is not shown, nor is a URL that is refused. Undefined: it is not set, and there is no fixed default. */
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
    const { name } = setting;
    const given = environment[name];
    if (given) {
      const file = files.get(name);
      return {
        name,
        value: showValue(setting, given),
        from: file === undefined ? findOrigin(name, given) : `${getFileVariable(name)} (${file})`,
      };
    }
    const { default: value, defaultInWords: otherwise } = setting;
    // `0` may mean "no limit": then the words explain the value.
    return { name, value, ...(otherwise !== undefined && { otherwise }), from: 'default' };
  });
}

function showValue(setting: Setting<unknown>, given: string): string {
  if (setting.name === settings.databaseUrl.name) return describeDatabaseUrl(given) ?? masked;
  if (setting.secret) return masked;
  return mayRepeat(setting, given) || isAccepted(setting, given) ? given : masked;
}

function isAccepted({ parse }: Setting<unknown>, given: string): boolean {
  try {
    parse(given);
    return true;
  } catch {
    return false;
  }
}
