/** `LATCHKEY_SECOND_FACTOR`, parsed. */
export interface SecondFactorSetting {
  readonly mode: 'off' | 'optional' | 'required' | 'required-for';
  /** Users with one of them must have a second factor, where the mode is `required-for`. */
  readonly permissions: readonly string[];
}

const prefix = 'required-for:';
/** As in a role: RFC 6749 §3.3. */
const permissionPattern = /^[!#-[\]-~]+$/;

export function parseSecondFactor(text: string): SecondFactorSetting {
  if (text === 'off' || text === 'optional' || text === 'required') return { mode: text, permissions: [] };
  const permissions = text.startsWith(prefix)
    ? text
        .slice(prefix.length)
        .split(',')
        .map((each) => each.trim())
    : [];
  if (permissions.length === 0 || !permissions.every((each) => permissionPattern.test(each))) {
    throw new Error(
      'must be off, optional, required, or required-for: and permissions with commas between them, such as required-for:users:write,keys:write',
    );
  }
  return { mode: 'required-for', permissions };
}
