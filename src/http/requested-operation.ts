/** The operation of the contract that a request is for. */
export interface RequestedOperation {
  /** Its `operationId`. */
  readonly id: string;
  /** Its path in the contract, such as `/users/{id}`. */
  readonly path?: string;
}
