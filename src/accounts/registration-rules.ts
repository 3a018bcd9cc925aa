import type { Logger } from 'pino';
import type { RegistrationSetting } from '../config/registration-setting.js';
import type { Database } from '../database/database.js';
import { Problem, refuseField } from '../problems/problem.js';
import { administrativePermissions } from '../roles/administration.js';
import { parseScope } from '../roles/rights.js';
import { rolesStore } from '../roles/roles.store.js';
import type { EmailAddress } from '../text/email-address.js';
import { requireEmailAddress } from '../users/contact-details.js';
import type { Hooks, Registration } from '../tokens/hooks.js';

export interface RegistrationSettings {
  readonly registration: RegistrationSetting;
  readonly registrationEmail: 'required' | 'optional';
  readonly registrationRoles: readonly string[];
}

/** What a new account gets beside what was chosen. */
export interface Admission {
  readonly roles: readonly string[];
  readonly displayName: string | undefined;
}

/** Who may make an account, and what it may do: by the settings, and by the project's hook. */
export class RegistrationRules {
  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    private readonly hooks: Pick<Hooks, 'register'>,
    private readonly settings: RegistrationSettings,
  ) {}

  /** @throws {Problem} `registration_off`, `invitation_required`. */
  refuseWhereClosed(): void {
    const { mode } = this.settings.registration;
    if (mode === 'off') throw new Problem('registration_off');
    if (mode === 'invitation') throw new Problem('invitation_required');
  }

  /**
   * @returns undefined where none was given, and none needs to be.
   * @throws {Problem} `validation_failed`, `email_domain_refused`.
   */
  readAddress(email: string | undefined): EmailAddress | undefined {
    const { registration, registrationEmail } = this.settings;
    if (email === undefined) {
      if (registrationEmail === 'optional' && registration.mode !== 'domains') return undefined;
      refuseField('email', 'is required');
    }
    const address = requireEmailAddress(email);
    this.refuseDomain(address.key);
    return address;
  }

  /** @throws {Problem} `email_domain_refused`. */
  refuseDomain(emailKey: string): void {
    const { mode, domains } = this.settings.registration;
    const domain = emailKey.slice(emailKey.lastIndexOf('@') + 1);
    if (mode === 'domains' && !domains.includes(domain)) throw new Problem('email_domain_refused');
  }

  /** @throws {Problem} `registration_refused`; what the hook throws. */
  async admit(registration: Registration): Promise<Admission> {
    const decision = await this.hooks.register?.(registration);
    if (decision?.refuse !== undefined)
      throw new Problem('registration_refused', { detail: decision.refuse });
    return {
      roles: await this.#selectRoles([...this.settings.registrationRoles, ...(decision?.roles ?? [])]),
      displayName: decision?.displayName ?? registration.displayName,
    };
  }

  /** Roles that are for administrators, or not there, are left out: that is safe, and keeps nobody from registering. */
  async #selectRoles(wanted: readonly string[]): Promise<readonly string[]> {
    const permissions = await rolesStore.findPermissions(this.database.queries, wanted);
    const isForAll = (role: string): boolean =>
      permissions.has(role) &&
      !parseScope(permissions.get(role) ?? '').some((each) => administrativePermissions.has(each));
    const selected = [...new Set(wanted)].filter(isForAll);
    const leftOut = [...new Set(wanted)].filter((role) => !isForAll(role));
    if (leftOut.length > 0) {
      this.log.warn(
        { event: 'registration_roles_left_out', roles: leftOut },
        'a new account does not get roles that are not there, or permit administration: see LATCHKEY_REGISTRATION_ROLES and the hook register',
      );
    }
    return selected;
  }
}
