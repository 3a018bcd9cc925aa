import { getEpochSeconds, type Clock } from '../clock.js';
import { getTokenScheme, type Config } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { Caller } from '../tokens/caller.js';
import { createStepUpProblem, getSecondFactorAge } from '../tokens/step-up.js';
import type { SecondFactorsService } from './second-factors.service.js';

/** Seconds for which a second factor counts for changes of the second factors. */
const maxAge = 300;

interface Context {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly config: Config;
  readonly secondFactors: SecondFactorsService;
}

/** @throws {Problem} `second_factors_off`. */
export function requireSecondFactors(policy: SecondFactorPolicy): void {
  if (policy.isOff) throw new Problem('second_factors_off');
}

/**
 * Where the caller's account has a second factor, changes of it need one that was just proved: neither a password alone nor
 * a stolen access token is enough.
 * @throws {Problem} `insufficient_user_authentication`.
 */
export async function requireRecentFactor({ caller, clock, config, secondFactors }: Context): Promise<void> {
  const { kinds } = await secondFactors.getState(caller.subject);
  if (kinds.length === 0 || getSecondFactorAge(caller.claims, getEpochSeconds(clock)) <= maxAge) return;
  throw createStepUpProblem(getTokenScheme(config), { maxAge, secondFactor: true });
}
