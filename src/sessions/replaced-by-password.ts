import { Problem } from '../problems/problem.js';

/**
 * A refresh token that a new password has just replaced: another tab may have held it, which can have the new one, or
 * be about to. Later on it is taken for a stolen one.
 */
export class ReplacedByPassword extends Problem {
  constructor() {
    super('invalid_refresh_token', {
      detail:
        'The refresh token was replaced when the password was changed. Use the one that came with it, or log in again.',
    });
  }
}
