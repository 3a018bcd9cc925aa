import { settings } from '../config.js';

/** README's table of settings, in Markdown. */
export function settingsTable(): string {
  const rows = Object.values(settings).map((setting) => {
    const { name, doc } = setting;
    const words = 'defaultInWords' in setting ? setting.defaultInWords : undefined;
    const value = 'default' in setting ? setting.default : undefined;
    return `| \`${name}\` | ${words ?? (value === undefined ? 'none' : `\`${value}\``)} | ${doc} |`;
  });
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}
