/**
 * @example { "message": "This is a protected endpoint." }
 */
export interface ProtectedMessage {
  /**
   * Always the same.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  message: string;
}
