// Runs Maven.

/**
 * @param run that of a tasks.js
 * @param {string[]} parameters goals, and `-D…` properties
 */
export function maven(run, parameters, { env, ...options } = {}) {
  return run('mvn', ['--batch-mode', '--no-transfer-progress', ...parameters], {
    ...options,
    // It runs for seconds: what a JVM does for the long run took as long again.
    env: {
      ...env,
      MAVEN_OPTS: `-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${process.env.MAVEN_OPTS ?? ''}`.trim(),
    },
  });
}
