import type { Actor } from '../audit/actor.js';
import type { AuditEvent } from '../audit/audit-events.js';
import { auditStore, type AuditDetails } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { createAppLink } from '../email/app-links.js';
import type { Outbox } from '../email/outbox.js';
import type { RequestContext } from '../http/request-context.js';
import { readPage, type Page } from '../http/pagination.js';
import { createId } from '../ids.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem, refuseField } from '../problems/problem.js';
import { parseScope } from '../roles/rights.js';
import { rolesStore } from '../roles/roles.store.js';
import { parseEmailAddress } from '../text/email-address.js';
import { addressesStore } from '../users/addresses.store.js';
import { requireEmailAddress } from '../users/contact-details.js';
import { usersStore } from '../users/users.store.js';
import type { UsersService, UserWithRoles } from '../users/users.service.js';
import { invitationsStore, type InvitationRow } from './invitations.store.js';
import { refuseAddressAsName } from './registration-names.js';

export type { InvitationRow };

interface NewInvitation {
  readonly email: string;
  readonly roles: readonly string[];
  /** Of the message, as BCP 47 names it. */
  readonly language: string | undefined;
}

interface NewAccount {
  readonly token: string;
  readonly username: string;
  readonly password: string;
  readonly displayName: string | undefined;
}

export interface InvitationOptions {
  /** Seconds. */
  readonly lifetime: number;
  /** The URL of the pages that links lead to, without a slash at its end. */
  readonly appUrl: string;
}

const prefix = 'lk_in_';
/** Bytes of a token. */
const randomLength = 24;
/** What the inviter needs, now and when the invitation is accepted. */
export const invitePermission = 'users:write';

/**
 * Invites people by e-mail to make an account with roles. The link works once. It gives no more than its sender may give, both
 * when it is sent and when it is accepted.
 */
export class InvitationsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly users: UsersService,
    private readonly options: InvitationOptions,
  ) {}

  list(limit: number, after: string | undefined): Promise<Page<InvitationRow>> {
    const now = this.clock.now();
    return readPage(limit, (each) =>
      invitationsStore.list(this.database.queries, { now, limit: each, after }),
    );
  }

  /**
   * Sends an invitation; an earlier one of the same address stops working.
   * @param inviterId the user who acts; undefined: the operator, who may give every role.
   * @throws {Problem} `email_taken`; `insufficient_scope` for a role that permits what the inviter may not;
   *   `validation_failed` for what is no address, and for an unknown role.
   */
  async invite(
    { email, roles, language }: NewInvitation,
    inviterId: string | undefined,
    actor: Actor,
  ): Promise<InvitationRow> {
    const address = requireEmailAddress(email);
    const token = createOpaqueToken(prefix, randomLength);
    const now = this.clock.now();
    const invitation: InvitationRow = {
      id: createId(this.clock),
      token_hash: hashOpaqueToken(token),
      email: address.text,
      email_key: address.key,
      roles: [...new Set(roles)].sort().join(' '),
      language: language ?? null,
      invited_by: inviterId ?? '',
      created_at: now,
      expires_at: now + this.options.lifetime * 1000,
    };
    await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const [missing] = await rolesStore.findMissing(transaction, roles);
      if (missing !== undefined) refuseField('roles', `there is no role "${missing}"`);
      if (!(await mayGive(transaction, invitation))) {
        throw new Problem('insufficient_scope', {
          detail: 'One of the roles permits what you may not do yourself.',
        });
      }
      if (await addressesStore.hasHolder(transaction, address.key, '')) throw new Problem('email_taken');
      await invitationsStore.put(transaction, invitation);
      await this.outbox.enqueue(transaction, {
        template: 'invitation',
        to: { address: address.text },
        language,
        expiresAt: invitation.expires_at,
        variables: {
          link: createAppLink(this.options.appUrl, 'invitation', token),
          days: Math.max(1, Math.floor(this.options.lifetime / 86_400)),
        },
      });
      await this.#audit(transaction, 'user_invited', invitation, actor, {
        roles: parseScope(invitation.roles),
      });
    });
    return invitation;
  }

  /** @throws {Problem} `invitation_not_found`. */
  async withdraw(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const removed = await invitationsStore.remove(transaction, id, this.clock.now());
      if (!removed) throw new Problem('invitation_not_found');
      await this.#audit(transaction, 'invitation_withdrawn', removed, actor);
    });
  }

  /**
   * Makes the account of an invitation, whose address is verified by it.
   * @throws {Problem} `invitation_not_found` where it is used, withdrawn or expired, or where its roles or its inviter's
   *   rights are gone; `username_taken`, `email_taken`, `validation_failed`, `busy`, which leave it as it is.
   */
  async accept({ token, ...account }: NewAccount, context: RequestContext): Promise<UserWithRoles> {
    const tokenHash = hashOpaqueToken(token);
    // Nobody without an invitation has a password hashed.
    const found = await invitationsStore.findByToken(this.database.queries, tokenHash, this.clock.now());
    if (!found) throw new Problem('invitation_not_found');
    const { username, password, displayName } = account;
    // The name would be in the way of the address's owner.
    if (parseEmailAddress(username)?.key !== found.email_key) refuseAddressAsName(username);
    const invited = {
      ...{ username, password, displayName },
      email: found.email,
      emailVerified: true,
      oneTime: false,
      roles: parseScope(found.roles),
      language: found.language ?? undefined,
    };
    const actor: Actor = { kind: 'service', context };
    const claim = async (transaction: Queries): Promise<void> => {
      const taken = await invitationsStore.takeByToken(transaction, tokenHash, this.clock.now());
      const missing = await rolesStore.findMissing(transaction, invited.roles);
      if (!taken || missing.length > 0 || !(await mayGive(transaction, taken))) {
        throw new Problem('invitation_not_found');
      }
      await this.#audit(transaction, 'invitation_accepted', taken, actor, {
        ...(taken.invited_by !== '' && { invited_by: taken.invited_by }),
      });
    };
    return this.users.create(invited, actor, { claim });
  }

  #audit(
    transaction: Queries,
    event: AuditEvent,
    { id, email }: InvitationRow,
    actor: Actor,
    details?: AuditDetails,
  ): Promise<void> {
    const target = { kind: 'invitation', id, name: email } as const;
    return auditStore.add(transaction, this.clock, { event, actor, target, details });
  }
}

/** Whether the inviter may, now, invite and do all that the roles permit; the operator may. The rights must be locked. */
async function mayGive(queries: Queries, { invited_by: inviterId, roles }: InvitationRow): Promise<boolean> {
  if (inviterId === '') return true;
  const inviter = await usersStore.find(queries, inviterId);
  if (inviter?.disabled_at !== null || inviter.password_one_time === 1) return false;
  const own = new Set(parseScope(inviter.permissions));
  if (!own.has(invitePermission)) return false;
  for (const name of parseScope(roles)) {
    const role = await rolesStore.find(queries, name);
    if (!parseScope(role?.permissions ?? '').every((permission) => own.has(permission))) return false;
  }
  return true;
}
