import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { AuditEvent } from '../audit/audit-events.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { TotpRow } from '../database/schema.js';
import type { Factor } from '../email/messages/message.js';
import type { AddedFactor } from '../email/safety-links.store.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { SecondFactorKind } from '../http/api-types.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import { devicesStore } from '../sessions/devices.store.js';
import type { ProvedSession, SessionsService } from '../sessions/sessions.service.js';
import { listSecondFactors } from '../users/second-factor-bits.js';
import { secondFactorsStore } from '../users/second-factors.store.js';
import { generateRecoveryCodes, hashRecoveryCode } from './recovery-codes.js';
import { recoveryCodesStore } from './recovery-codes.store.js';
import { isRemovableByLink } from './removable-factors.js';
import type { TotpSecrets } from './totp-secrets.js';
import { buildTotpUri, findTotpStep, generateTotpSecret } from './totp.js';
import { totpStore } from './totp.store.js';

/** Seconds in which a new authenticator app must be confirmed with a code. */
export const confirmationTime = 600;

interface Account {
  readonly id: string;
  readonly username: string;
}

export interface SecondFactorState {
  readonly kinds: readonly SecondFactorKind[];
  readonly recoveryCodesLeft: number;
  /** When the authenticator app was confirmed, in milliseconds since the Unix epoch. */
  readonly totpSince: number | undefined;
}

interface TotpOptions {
  readonly secrets: TotpSecrets;
  /** The name of the service, as authenticator apps show it. */
  readonly issuerName: string;
}

export interface ConfirmedFactor extends Pick<ProvedSession, 'makeTokens'> {
  /** None where the user has some. */
  readonly recoveryCodes: readonly string[];
}

/** Adds and removes users' authenticator apps and recovery codes. The controllers decide who may. */
export class SecondFactorsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly totp: TotpOptions,
    private readonly notices: SafetyNotices,
    private readonly sessions: SessionsService,
  ) {}

  async getState(userId: string, queries = this.database.queries): Promise<SecondFactorState> {
    const [bits, totp, recoveryCodesLeft] = [
      await secondFactorsStore.find(queries, userId),
      await totpStore.find(queries, userId),
      await recoveryCodesStore.count(queries, userId),
    ];
    return {
      kinds: listSecondFactors(bits ?? 0),
      recoveryCodesLeft,
      totpSince: totp?.confirmed_at ?? undefined,
    };
  }

  /**
   * Makes the secret of an authenticator app, which counts from the confirmation on.
   * @throws {Problem} `second_factor_exists`.
   */
  async beginTotp({ id, username }: Account): Promise<{ readonly secret: string; readonly uri: string }> {
    const secret = generateTotpSecret();
    const sealed = await this.totp.secrets.seal(this.database.queries, id, secret);
    const row = { user_id: id, sealed_secret: sealed, created_at: this.clock.now() };
    if (!(await totpStore.begin(this.database.queries, row))) throw new Problem('second_factor_exists');
    return { secret, uri: buildTotpUri(secret, this.totp.issuerName, username) };
  }

  /**
   * Takes an authenticator app into use after a code of it. The session has then proved a second factor, and its earlier
   * refresh tokens stop working.
   * @throws {Problem} `second_factor_not_found` where none is waiting for it; `wrong_second_factor`.
   */
  async confirmTotp(userId: string, sessionId: string, code: string, actor: Actor): Promise<ConfirmedFactor> {
    const totp = await totpStore.find(this.database.queries, userId);
    const now = this.clock.now();
    const isWaiting = totp?.confirmed_at === null && now < totp.created_at + confirmationTime * 1000;
    if (!isWaiting) throw new Problem('second_factor_not_found');
    const step = findTotpStep(await this.totp.secrets.open(this.database.queries, totp), code, {
      now,
      lastStep: totp.last_step,
    });
    if (step === undefined) throw new Problem('wrong_second_factor');
    return this.database.transaction(async (transaction) => {
      await secondFactorsStore.add(transaction, userId, 'totp');
      if (!(await totpStore.confirm(transaction, totp, { step, now }))) {
        throw new Problem('second_factor_not_found');
      }
      const { hadProved, makeTokens } = await this.sessions.addSecondFactor(transaction, sessionId, [
        'otp',
        'mfa',
      ]);
      await this.#audit(transaction, 'second_factor_added', userId, actor, { kind: 'totp' });
      const codes = await giveRecoveryCodes(transaction, userId, now);
      const isRemovable = await isRemovableByLink(transaction, userId, hadProved, now);
      await this.#tell(transaction, 'factor_added', userId, actor, {
        ...{ factor: 'totp', at: now },
        ...(isRemovable && { added: { totp: hashSecret(totp), recoveryCodes: hashCodes(userId, codes) } }),
      });
      return { recoveryCodes: codes, makeTokens };
    });
  }

  /**
   * Removes a user's authenticator app; with the last second factor also the recovery codes and the remembered devices.
   * @throws {Problem} `second_factor_not_found`.
   */
  async removeTotp(userId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (transaction) => {
      if (!(await deleteTotp(transaction, userId))) throw new Problem('second_factor_not_found');
      await this.#audit(transaction, 'second_factor_removed', userId, actor, { kind: 'totp' });
      await this.#tell(transaction, 'factor_removed', userId, actor, { factor: 'totp' });
    });
  }

  /**
   * Replaces the recovery codes: the old ones stop working.
   * @throws {Problem} `second_factor_not_found` where the user has no second factor for them to replace.
   */
  replaceRecoveryCodes(userId: string, actor: Actor): Promise<readonly string[]> {
    return this.database.transaction(async (transaction) => {
      const bits = await secondFactorsStore.lock(transaction, userId);
      if (!bits) throw new Problem('second_factor_not_found');
      const now = this.clock.now();
      await this.#audit(transaction, 'recovery_codes_replaced', userId, actor);
      const codes = await replaceCodes(transaction, userId, now);
      const added = { recoveryCodes: hashCodes(userId, codes) };
      await this.#tell(transaction, 'factor_added', userId, actor, {
        ...{ factor: 'recovery_codes', at: now, added },
      });
      return codes;
    });
  }

  /** Tells the user, who may not be the one who acts. */
  #tell(
    transaction: Queries,
    template: 'factor_added' | 'factor_removed',
    userId: string,
    { context }: Actor,
    { factor, ...more }: { readonly factor: Factor; readonly at?: number; readonly added?: AddedFactor },
  ): Promise<void> {
    const notice = { userId, clientAddress: context.address, variables: { factor } };
    return this.notices.send(transaction, { template, ...notice, ...more });
  }

  #audit(
    transaction: Queries,
    event: AuditEvent,
    userId: string,
    actor: Actor,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const target = { kind: 'user', id: userId } as const;
    return auditStore.add(transaction, this.clock, { event, actor, target, details });
  }
}

/** Which authenticator app it is, also after another one took its place. */
export function hashSecret({ sealed_secret: sealed }: Pick<TotpRow, 'sealed_secret'>): string {
  return hashOpaqueToken(sealed);
}

/** Deletes a user's authenticator app. The row of the user is locked first. @returns whether there was one. */
export async function deleteTotp(transaction: Queries, userId: string): Promise<boolean> {
  await secondFactorsStore.remove(transaction, userId, 'totp');
  const isDeleted = await totpStore.delete(transaction, userId);
  await forgetWithoutFactor(transaction, userId);
  return isDeleted;
}

/** For the transaction that has added a second factor. @returns recovery codes, where the user had none. */
export async function giveRecoveryCodes(
  transaction: Queries,
  userId: string,
  now: number,
): Promise<readonly string[]> {
  const hasCodes = (await recoveryCodesStore.count(transaction, userId)) > 0;
  return hasCodes ? [] : replaceCodes(transaction, userId, now);
}

async function replaceCodes(transaction: Queries, userId: string, now: number): Promise<readonly string[]> {
  const codes = generateRecoveryCodes();
  await recoveryCodesStore.replace(transaction, userId, { hashes: hashCodes(userId, codes), now });
  return codes;
}

export function hashCodes(userId: string, codes: readonly string[]): readonly string[] {
  return codes.map((code) => hashRecoveryCode(userId, code));
}

/** Deletes what is of use beside a second factor only. For the transaction that has removed one. */
export async function forgetWithoutFactor(transaction: Queries, userId: string): Promise<void> {
  if ((await secondFactorsStore.find(transaction, userId)) !== 0) return;
  await recoveryCodesStore.replace(transaction, userId, { hashes: [], now: 0 });
  await devicesStore.deleteAll(transaction, userId);
}
