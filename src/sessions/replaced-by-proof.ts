import { Problem } from '../problems/problem.js';

/**
 * A refresh token that a password change or a new second factor has just replaced. Another browser tab may have sent it before it got the new
 * one, so the cookies stay and the session does not end. After the grace period its use counts as theft.
 */
export class ReplacedByProof extends Problem {
  constructor() {
    super('invalid_refresh_token', {
      detail:
        'The refresh token was replaced when the password was changed or a second factor was added. Use the one that came with it, or log in again.',
    });
  }
}
