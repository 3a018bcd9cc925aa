// Runs Maven.
import type { RunCommand, RunOptions } from './tasks.ts';

/** @param parameters goals, and `-D…` properties */
export function runMaven(
  run: RunCommand,
  parameters: readonly string[],
  { env, ...options }: RunOptions = {},
): Promise<string> {
  return run('mvn', ['--batch-mode', '--no-transfer-progress', ...parameters], {
    ...options,
    // It runs for seconds: what a JVM does for the long run took as long again.
    env: {
      ...env,
      MAVEN_OPTS: `-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${process.env['MAVEN_OPTS'] ?? ''}`.trim(),
    },
  });
}
