/** Which users log in with a second factor. */
export interface SecondFactorSetting {
  readonly mode: 'off' | 'optional' | 'required' | 'required-for';
  /** Who has one of them must have a second factor, where the mode is `required-for`. */
  readonly permissions: readonly string[];
}
