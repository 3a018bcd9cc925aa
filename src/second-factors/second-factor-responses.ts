import type { DeviceRow } from '../database/schema.js';
import type { Device, SecondFactors } from './second-factors.models.js';
import type { SecondFactorState } from './second-factors.service.js';

export function toSecondFactors({ kinds, totpSince, recoveryCodesLeft }: SecondFactorState): SecondFactors {
  return {
    kinds: [...kinds],
    ...(totpSince !== undefined && { totp_since: new Date(totpSince).toISOString() }),
    recovery_codes_left: recoveryCodesLeft,
  };
}

export function toDevice(device: DeviceRow): Device {
  return {
    id: device.id,
    created_at: new Date(device.created_at).toISOString(),
    last_used_at: new Date(device.last_used_at).toISOString(),
    expires_at: new Date(device.expires_at).toISOString(),
    address: device.address,
    user_agent: device.user_agent,
  };
}
