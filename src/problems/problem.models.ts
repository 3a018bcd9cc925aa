/**
 * The one error body (RFC 9457), sent as `application/problem+json`.
 */
export interface ProblemDetails {
  /**
   * A URI that names the kind of problem.
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
   * The HTTP status of this answer.
   * @isInt
   * @minimum 400
   * @maximum 599
   */
  status: number;
  /**
   * What was wrong, and what to do about it.
   * @maxLength 2000
   */
  detail: string;
  /**
   * The kind of problem for programs: one of a closed list, stable over versions.
   * @maxLength 64
   * @pattern ^[a-z_]+$
   */
  code: string;
  /** On 422: each field that was refused, with the reason. */
  errors?: FieldErrors;
}

/** Field → what is wrong with it. */
export interface FieldErrors {
  [field: string]: string;
}
