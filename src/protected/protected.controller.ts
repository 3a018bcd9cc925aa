import { Get, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import type { ProtectedMessage } from './protected.models.js';

/** The example to copy: a new protected operation is a file like this one, and nothing else. */
@Route('protected')
@Tags('Protected')
@Security('bearer')
export class ProtectedController {
  /**
   * Answers whoever has a valid access token. It stands for the operations of your own API.
   * @summary Call a protected operation
   */
  @Get()
  @SuccessResponse(200, 'The token is valid.')
  public getProtected(): ProtectedMessage {
    return { message: 'This is a protected endpoint.' };
  }
}
