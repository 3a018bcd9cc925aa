/**
 * The service's state.
 * @example { "status": "ok" }
 */
export interface Health {
  status: HealthStatus;
}

/** There is one good state; the others are problems. */
export enum HealthStatus {
  Ok = 'ok',
}
