/**
 * @example { "message": "This is a protected endpoint." }
 */
export interface ProtectedMessage {
  /** @maxLength 200 */
  message: string;
}
