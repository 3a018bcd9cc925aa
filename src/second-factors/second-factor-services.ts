import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import { DataSealing } from '../keys/data-sealing.js';
import type { KeySealing } from '../keys/key-sealing.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import { CodeCheck } from './code-check.js';
import { DevicesService } from './devices.service.js';
import { SecondFactorsService } from './second-factors.service.js';
import { TotpSecrets } from './totp-secrets.js';

export interface SecondFactorServices {
  readonly codeCheck: CodeCheck;
  readonly devices: DevicesService;
  readonly secondFactors: SecondFactorsService;
  readonly totpSecrets: TotpSecrets;
  /** Makes what they need in the database. */
  readonly prepareSecondFactors: () => Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealing: KeySealing;
  readonly notices: SafetyNotices;
  readonly sessions: SessionsService;
}

/** @param issuer the issuer URL. */
export function createSecondFactorServices(
  { database, clock, sealing, notices, sessions }: Dependencies,
  { totpIssuer, rememberedDevices }: Pick<Config, 'totpIssuer' | 'rememberedDevices'>,
  issuer: string,
): SecondFactorServices {
  const dataSealing = new DataSealing(sealing, clock, 'totp');
  const secrets = new TotpSecrets(dataSealing);
  const issuerName = totpIssuer ?? (URL.canParse(issuer) ? new URL(issuer).host : 'Latchkey');
  return {
    codeCheck: new CodeCheck(database, clock, secrets, notices),
    devices: new DevicesService(database, clock, rememberedDevices),
    secondFactors: new SecondFactorsService(database, clock, { secrets, issuerName }, notices, sessions),
    totpSecrets: secrets,
    prepareSecondFactors: () => dataSealing.prepare(database.queries),
  };
}
