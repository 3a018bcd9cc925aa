import type { SecondFactors } from './second-factors.models.js';
import type { SecondFactorState } from './second-factors.service.js';

export function toSecondFactors({ kinds, totpSince, recoveryCodesLeft }: SecondFactorState): SecondFactors {
  return {
    kinds: [...kinds],
    ...(totpSince !== undefined && { totp_since: new Date(totpSince).toISOString() }),
    recovery_codes_left: recoveryCodesLeft,
  };
}
