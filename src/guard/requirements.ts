import type { Caller } from './claims.js';
import { Refusal } from './refusal.js';

const loginRequirement = /^(fresh|mfa)(?::(\d+))?$/;

/** Options after the requirements. */
export interface RequirementsOptions {
  /** Accept a request without an access token, too; one whose token is not valid is still refused. */
  readonly optional?: boolean;
}

/** Permissions, `fresh`, `mfa`, and both with a maximum age as in `fresh:300`; options may come last. */
export type Requirements =
  | readonly string[]
  | readonly [...requirements: string[], options: RequirementsOptions];

/** Requirements with their options. */
export interface Demand {
  readonly requirements: readonly string[];
  readonly optional: boolean;
}

/** @throws {TypeError} as `assertRequirements` does. */
export function readDemand(given: Requirements): Demand {
  const last = given.at(-1);
  const options = isOptions(last) ? last : {};
  const requirements = (last === options ? given.slice(0, -1) : given) as readonly string[];
  assertRequirements(requirements);
  return { requirements, optional: options.optional === true };
}

function isOptions(value: unknown): value is RequirementsOptions {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).every((name) => name === 'optional')
  );
}

/**
 * Checks that requirements can be met: each must be a permission, `fresh` (a token from a login rather than from a
 * refresh), `fresh:300` (from a login at most 300 seconds ago), `mfa` (of a login with a second factor) or `mfa:300` (that
 * was proved at most 300 seconds ago).
 * @throws {TypeError} for anything else, such as `fresh:5m`: as a permission no caller would have it.
 */
function assertRequirements(requirements: readonly string[]): void {
  for (const requirement of requirements as readonly unknown[]) {
    // JavaScript callers may pass anything on, the framework its request.
    if (typeof requirement !== 'string') {
      throw new TypeError(
        'What is no text is no demand; { optional: true } may come last. Where the framework has called "requires" itself, write its brackets: latchkey.requires("reports:read"), or latchkey.requires() for any valid token.',
      );
    }
    if (requirement === '' || /\s/.test(requirement)) {
      throw new TypeError(
        `"${requirement}" is no demand: name each permission by itself, such as "reports:read".`,
      );
    }
    const [, kind] = /^(fresh|mfa)(?::|$)/.exec(requirement) ?? [];
    if (kind !== undefined && !loginRequirement.test(requirement)) {
      throw new TypeError(`"${requirement}" is no demand: write "${kind}", or "${kind}:" and seconds.`);
    }
  }
}

/**
 * Checks a caller with a valid token against the requirements.
 * @param now seconds since the Unix epoch.
 * @throws {Refusal} if one is not met.
 */
export function requireFrom(caller: Caller, requirements: readonly string[], now: number): void {
  if (caller.claims.mfa_enroll) throw new Refusal('second_factor_enrollment_required');
  for (const requirement of requirements) {
    const [isLogin, kind, age] = loginRequirement.exec(requirement) ?? [];
    if (kind === 'mfa') requireSecondFactor(caller, age, now);
    else if (isLogin !== undefined) requireFreshness(caller, age, now);
    else if (!caller.permissions.has(requirement)) throw createMissingPermission(caller, requirements);
  }
}

/** RFC 9470 §3: the challenge's `max_age` says how old the login may be. */
function requireFreshness({ claims }: Caller, age: string | undefined, now: number): void {
  const elapsed = now - (claims.auth_time ?? -Infinity);
  if (claims.fresh && (age === undefined || elapsed <= Number(age))) return;
  const { message, code } = new Refusal('insufficient_user_authentication');
  throw new Refusal(code, {
    challenge: {
      error: code,
      error_description: message,
      max_age: age ?? String(claims.exp - claims.iat),
    },
  });
}

/** RFC 9470 §3: the challenge's `acr_values` says how to log in, its `max_age` how old the second factor may be. */
function requireSecondFactor({ claims }: Caller, age: string | undefined, now: number): void {
  const elapsed = claims.amr?.includes('mfa') ? now - (claims.mfa_time ?? -Infinity) : Infinity;
  if (elapsed !== Infinity && (age === undefined || elapsed <= Number(age))) return;
  const code = 'insufficient_user_authentication';
  const detail =
    'This operation needs a login with a second factor. Log in again with acr_values=aal2; set up a second factor first if the account has none.';
  throw new Refusal(code, {
    detail,
    challenge: {
      error: code,
      error_description: detail,
      acr_values: 'aal2',
      ...(age !== undefined && { max_age: age }),
    },
  });
}

function createMissingPermission({ claims }: Caller, requirements: readonly string[]): Refusal {
  if (claims.pwd_change) return new Refusal('password_change_required');
  const scope = requirements.filter((requirement) => !loginRequirement.test(requirement)).join(' ');
  return new Refusal('insufficient_scope', {
    detail: `This operation needs the permission ${scope}.`,
    challenge: { error: 'insufficient_scope', scope },
  });
}
