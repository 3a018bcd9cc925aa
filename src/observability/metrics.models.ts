/**
 * Metrics, a line each: `name{labels} value`.
 * @maxLength 10000000
 * @pattern ^# HELP
 * @example "# HELP latchkey_logins_total Logins by outcome: succeeded, or why they were denied. Those that succeeded also by their first step: password, passkey, login_link.\n# TYPE latchkey_logins_total counter\nlatchkey_logins_total{outcome=\"succeeded\",method=\"password\"} 1027\n"
 */
export type MetricsText = string;
