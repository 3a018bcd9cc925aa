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
}

/** Field → what is wrong with it. */
export interface FieldErrors {
  [field: string]: string;
}
