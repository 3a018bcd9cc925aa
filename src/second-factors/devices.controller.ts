import { Delete, Get, Path, Request, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Id } from '../http/api-types.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import { requireUser, toActor, type AuthenticatedRequest } from '../tokens/caller.js';
import type { DevicesService } from './devices.service.js';
import { toDevice } from './second-factor-responses.js';
import type { DeviceList } from './second-factors.models.js';

/** Users list and forget the devices that are not asked for a second factor. */
@Route('me/devices')
@Tags('Own account')
@Security('bearer')
export class DevicesController {
  constructor(private readonly services: { readonly devices: DevicesService }) {}

  /**
   * The browsers that are not asked for a second factor when you log in.
   * @summary List your remembered devices
   */
  @Get()
  @SuccessResponse(200, 'The devices.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  public async listDevices(@Request() request: AuthenticatedRequest): Promise<DeviceList> {
    const { userId } = requireUser(request);
    return { items: (await this.services.devices.list(userId)).map(toDevice) };
  }

  /**
   * Forgets a device: the next login from it asks for a second factor. Its sessions stay; to end one of them with
   * `DELETE /sessions/{id}` forgets the device, too.
   * @param id The device's id.
   * @summary Forget a remembered device
   */
  @Delete('{id}')
  @SuccessResponse(204, 'Forgotten.')
  @Response<ProblemDetails>(403, 'The caller is a client, not a user: `user_session_required`.')
  @Response<ProblemDetails>(404, 'The account has no such device: `device_not_found`.')
  public async forgetDevice(@Path() id: Id, @Request() request: AuthenticatedRequest): Promise<void> {
    const { userId } = requireUser(request);
    await this.services.devices.forget(userId, id, toActor(request));
  }
}
