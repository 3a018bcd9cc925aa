import type { Caller } from './claims.js';
import { Refusal } from './refusal.js';

const freshRequirement = /^fresh(?::(\d+))?$/;

/**
 * Checks that requirements can be met: each must be a permission, `fresh` (a token from a login rather than from a
 * refresh) or `fresh:300` (from a login at most 300 seconds ago).
 * @throws {TypeError} for anything else, such as `fresh:5m`: as a permission no caller would have it.
 */
export function assertRequirements(requirements: readonly string[]): void {
  for (const requirement of requirements) {
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
