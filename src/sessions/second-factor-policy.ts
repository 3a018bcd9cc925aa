import type { SecondFactorSetting } from '../config/second-factor-setting.js';

/** Which users log in with a second factor, by the settings. */
export class SecondFactorPolicy {
  readonly #permissions: ReadonlySet<string>;

  constructor(private readonly setting: SecondFactorSetting) {
    this.#permissions = new Set(setting.permissions);
  }

  /** Whether users can have a second factor at all. */
  get isOff(): boolean {
    return this.setting.mode === 'off';
  }

  /** Whether a user with these permissions must have one. */
  isRequired(permissions: readonly string[]): boolean {
    const { mode } = this.setting;
    if (mode === 'required-for') return permissions.some((each) => this.#permissions.has(each));
    return mode === 'required';
  }
}
