import type { Caller } from './claims.js';
import { Refusal } from './refusal.js';

const freshRequirement = /^fresh(?::(\d+))?$/;

/** Options after the requirements. */
export interface RequirementsOptions {
  /** Accept a request without an access token, too; one whose token is not valid is still refused. */
  readonly optional?: boolean;
}

/** Permissions, `fresh` or `fresh:300`; options may come last. */
export type Requirements =
  readonly string[] | readonly [...requirements: string[], options: RequirementsOptions];

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
 * refresh) or `fresh:300` (from a login at most 300 seconds ago).
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
    if (/^fresh(:|$)/.test(requirement) && !freshRequirement.test(requirement)) {
      throw new TypeError(`"${requirement}" is no demand: write "fresh", or "fresh:" and seconds.`);
    }
  }
}

/**
 * Checks a caller with a valid token against the requirements.
 * @param now seconds since the Unix epoch.
 * @throws {Refusal} if one is not met.
 */
export function requireFrom(caller: Caller, requirements: readonly string[], now: number): void {
  for (const requirement of requirements) {
    const fresh = freshRequirement.exec(requirement);
    if (fresh) requireFreshness(caller, fresh[1], now);
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

function createMissingPermission({ claims }: Caller, requirements: readonly string[]): Refusal {
  if (claims.pwd_change) return new Refusal('password_change_required');
  const scope = requirements.filter((requirement) => !freshRequirement.test(requirement)).join(' ');
  return new Refusal('insufficient_scope', {
    detail: `This operation needs the permission ${scope}.`,
    challenge: { error: 'insufficient_scope', scope },
  });
}
