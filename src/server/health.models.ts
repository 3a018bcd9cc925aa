/**
 * The service's state.
 * @example { "status": "ok" }
 */
export interface Health {
  status: HealthStatus;
}

/** The only healthy state; others are problems. */
export enum HealthStatus {
  Ok = 'ok',
}
