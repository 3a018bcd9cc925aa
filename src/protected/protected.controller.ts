import { Get, Route, Security, SuccessResponse, Tags } from '../latchkey.js';
import type { ProtectedMessage } from './protected.models.js';

/** An example to copy: a new protected operation is one file like this one. */
@Route('protected')
@Tags('Protected')
@Security('bearer')
export class ProtectedController {
  /**
   * An example: it accepts any valid access token. It stands for the operations of your own API.
   * @summary Call a protected operation
   */
  @Get()
  @SuccessResponse(200, 'The token is valid.')
  public getProtected(): ProtectedMessage {
    return { message: 'This is a protected endpoint.' };
  }
}
