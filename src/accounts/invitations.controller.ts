import {
  Body,
  Delete,
  Get,
  NoSecurity,
  Path,
  Post,
  Queries,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { Id } from '../http/api-types.js';
import { defaultLimit, toPageResponse } from '../http/pagination.js';
import { getRequestContext } from '../http/request-context.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { parseScope } from '../roles/rights.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type {
  AcceptedInvitation,
  AcceptInvitationRequest,
  CreateInvitationRequest,
  Invitation,
  InvitationPage,
  InvitationQuery,
} from './invitations.models.js';
import type { InvitationRow, InvitationsService } from './invitations.service.js';

@Route('invitations')
@Tags('Users')
export class InvitationsController {
  constructor(private readonly services: { readonly invitations: InvitationsService }) {}

  /**
   * A page of invitations that were neither accepted nor withdrawn, and have not expired; oldest first.
   * @summary List invitations
   */
  @Get()
  @Security('bearer', ['users:read'])
  @SuccessResponse(200, 'The page.')
  public async listInvitations(@Queries() query: InvitationQuery): Promise<InvitationPage> {
    const { limit = defaultLimit, cursor } = query;
    return toPageResponse(await this.services.invitations.list(limit, cursor), toInvitation);
  }

  /**
   * Sends a link by e-mail with which somebody creates an account that has these roles. It works once. The roles must permit
   * nothing that you lack, now and when the invitation is accepted. A second invitation of the same address replaces the
   * first.
   * @summary Invite somebody
   */
  @Post()
  @Security('bearer', ['users:write'])
  @SuccessResponse(201, 'Sent.')
  @Response<ProblemDetails>(
    403,
    'The permission is missing, a role permits what you may not do, or the caller is a client: `insufficient_scope`, `user_session_required`.',
  )
  @Response<ProblemDetails>(409, 'Another user has this address: `email_taken`.')
  public async createInvitation(
    @Body() body: CreateInvitationRequest,
    @Request() request: AuthenticatedRequest,
  ): Promise<Invitation> {
    const { userId } = requireUser(request);
    const { email, roles = [], language } = body;
    const { invitations } = this.services;
    return toInvitation(await invitations.invite({ email, roles, language }, userId, toActor(request)));
  }

  /**
   * Creates the account of an invitation, with its roles and its address, which counts as verified. Then log in with
   * `POST /login`.
   * @summary Accept an invitation
   */
  @Post('accept')
  @NoSecurity()
  @SuccessResponse(201, 'The account is created.')
  @Response<ProblemDetails>(
    404,
    'The invitation is used, withdrawn or expired, or its sender may no longer give its roles: `invitation_not_found`.',
  )
  @Response<ProblemDetails>(409, 'Another user has this name or address: `username_taken`, `email_taken`.')
  @Response<ProblemDetails>(
    503,
    'Too many passwords are being checked, or the database or the source of breached passwords does not respond: `busy`, `not_ready`, `breach_check_unavailable`.',
  )
  public async acceptInvitation(
    @Body() body: AcceptInvitationRequest,
    @Request() request: HttpRequest,
  ): Promise<AcceptedInvitation> {
    const { display_name: displayName, ...account } = body;
    const user = await this.services.invitations.accept(
      { ...account, displayName },
      getRequestContext(request),
    );
    return { id: user.id, username: user.username, email: user.email ?? '', roles: parseScope(user.roles) };
  }

  /**
   * Withdraws an invitation: its link stops working at once.
   * @param id The invitation's id.
   * @summary Withdraw an invitation
   */
  @Delete('{id}')
  @Security('bearer', ['users:write'])
  @SuccessResponse(204, 'Withdrawn.')
  @Response<ProblemDetails>(404, 'There is no such invitation: `invitation_not_found`.')
  public async deleteInvitation(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    await this.services.invitations.withdraw(id, toActor(request));
  }
}

/** An invitation as clients see it. */
export function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    email: row.email,
    roles: parseScope(row.roles),
    ...(row.invited_by !== '' && { invited_by: row.invited_by }),
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
  };
}
