/** The operation of the contract that a request is for. */
export interface RequestedOperation {
  /** Its `operationId`. */
  readonly id: string;
  /** Whether its response is a stream, which lasts. */
  readonly isStream: boolean;
}
