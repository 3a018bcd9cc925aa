import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import { DataKey } from '../keys/data-key.js';
import type { KeySealing } from '../keys/key-sealing.js';
import { CodeCheck } from './code-check.js';
import { DevicesService } from './devices.service.js';
import { SecondFactorsService } from './second-factors.service.js';
import { TotpSecrets } from './totp-secrets.js';

export interface SecondFactorServices {
  readonly codeCheck: CodeCheck;
  readonly devices: DevicesService;
  readonly secondFactors: SecondFactorsService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealing: KeySealing;
}

/** @param issuer the issuer URL. */
export function createSecondFactorServices(
  { database, clock, sealing }: Dependencies,
  { totpIssuer, rememberedDevices }: Pick<Config, 'totpIssuer' | 'rememberedDevices'>,
  issuer: string,
): SecondFactorServices {
  const secrets = new TotpSecrets(new DataKey(database, sealing, clock, 'totp'));
  const issuerName = totpIssuer ?? (URL.canParse(issuer) ? new URL(issuer).host : 'Latchkey');
  return {
    codeCheck: new CodeCheck(database, clock, secrets),
    devices: new DevicesService(database, clock, rememberedDevices),
    secondFactors: new SecondFactorsService(database, clock, secrets, issuerName),
  };
}
