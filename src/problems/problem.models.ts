/**
 * The body of error responses (RFC 9457), sent as `application/problem+json`.
 */
export interface ProblemDetails {
  /**
   * A URI that identifies the kind of problem.
   * @format uri
   * @maxLength 2048
   */
  type: string;
  /**
   * The kind of problem in a few words.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  title: string;
  /**
   * The HTTP status of this response.
   * @isInt
   * @minimum 400
   * @maximum 599
   */
  status: number;
  /**
   * What went wrong, and what to do about it.
   * @maxLength 2000
   */
  detail: string;
  /**
   * The kind of problem, for programs: one of a closed list that is stable across versions.
   * @maxLength 64
   * @pattern ^[a-z_]+$
   */
  code: string;
  /** With status 422: the reason for each field that was refused. */
  errors?: FieldErrors;
  /**
   * With `second_factor_required`: what to send with the second factor. It works for one login.
   * @maxLength 128
   * @pattern ^[A-Za-z0-9_-]+$
   */
  login_token?: string;
  /**
   * With `second_factor_required`: seconds until the `login_token` expires.
   * @isInt
   * @minimum 0
   * @maximum 3600
   */
  login_token_expires_in?: number;
  /**
   * With `second_factor_required`: the kinds of second factors that the account has.
   * @maxItems 10
   */
  methods?: SecondFactorMethod[];
}

/** A kind of second factor: a code of an authenticator app (RFC 6238), a passkey or security key, or a recovery code. */
export type SecondFactorMethod = 'totp' | 'passkey' | 'recovery_code';

/** Field → what is wrong with it. */
export interface FieldErrors {
  [field: string]: string;
}
