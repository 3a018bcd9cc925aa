/**
 * The service's state.
 * @example { "status": "ok" }
 */
export interface Health {
  status: HealthStatus;
  /**
   * With the permission `metrics:read`: what was checked.
   * @maxItems 10
   */
  checks?: HealthCheck[];
}

/** The only healthy state; others are problems. */
export enum HealthStatus {
  Ok = 'ok',
}

/**
 * Something that the service needs to handle requests.
 * @example { "name": "revocations", "ready": true, "lag_seconds": 0.21 }
 */
export interface HealthCheck {
  /** The process itself, revocations of other replicas, or the database. */
  name: HealthCheckName;
  /** Whether it does what it is for. */
  ready: boolean;
  /** Since when it has not been ready. */
  since?: Date;
  /**
   * Of revocations: how old what is known of other replicas' is.
   * @minimum 0
   * @maximum 1000000000
   */
  lag_seconds?: number;
}

/** What is checked. */
export enum HealthCheckName {
  Process = 'process',
  Revocations = 'revocations',
  Database = 'database',
}
