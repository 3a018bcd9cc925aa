import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { RequestContext } from '../http/request-context.js';
import type { AcceptedFactor } from './accepted-factor.js';
import { hashRecoveryCode } from './recovery-codes.js';
import { recoveryCodesStore } from './recovery-codes.store.js';
import type { TotpSecrets } from './totp-secrets.js';
import { findTotpStep, isTotpCode } from './totp.js';
import { totpStore } from './totp.store.js';

/** Checks the codes that people type: those of an authenticator app, and recovery codes. */
export class CodeCheck {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly secrets: TotpSecrets,
    private readonly notices: SafetyNotices,
  ) {}

  /** @returns undefined where the code is wrong, or was used before. */
  check(userId: string, code: string, context: RequestContext): Promise<AcceptedFactor | undefined> {
    return isTotpCode(code) ? this.#checkTotp(userId, code) : this.#checkRecoveryCode(userId, code, context);
  }

  async #checkTotp(userId: string, code: string): Promise<AcceptedFactor | undefined> {
    const totp = await totpStore.find(this.database.queries, userId);
    if (typeof totp?.confirmed_at !== 'number') return undefined;
    const secret = await this.secrets.open(this.database.queries, totp);
    const step = findTotpStep(secret, code, { now: this.clock.now(), lastStep: totp.last_step });
    if (step === undefined) return undefined;
    return { methods: ['otp'], consume: (queries) => [totpStore.prepareUse(queries, totp, step)] };
  }

  async #checkRecoveryCode(
    userId: string,
    code: string,
    context: RequestContext,
  ): Promise<AcceptedFactor | undefined> {
    const hash = hashRecoveryCode(userId, code);
    const { queries: reading } = this.database;
    if (!(await recoveryCodesStore.isOne(reading, userId, hash))) return undefined;
    const left = (await recoveryCodesStore.count(reading, userId)) - 1;
    const notice = await this.notices.prepare(reading, {
      template: 'recovery_code_used',
      ...{ userId, clientAddress: context.address, variables: { left } },
    });
    const consume = (queries: Queries) => [
      recoveryCodesStore.prepareUse(queries, userId, hash),
      {
        query: auditStore.prepareAdd(queries, this.clock, {
          event: 'recovery_code_used',
          actor: { kind: 'user', id: userId, context },
          target: { kind: 'user', id: userId },
        }),
      },
      ...notice.map((query) => ({ query })),
    ];
    return { methods: [], consume };
  }
}
