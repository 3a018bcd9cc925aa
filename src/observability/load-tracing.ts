import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { StartError } from '../start-error.js';
import type { Tracing } from './tracing.js';
import { findDestination, readTracingSettings } from './tracing-settings.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  /** None in a checkout where the command has been run. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifestFile = new URL('../../../package.json', import.meta.url);

/**
 * Loads OpenTelemetry, where its standard variables ask for traces.
 * @param version of the service.
 * @throws {StartError} where they ask for what is not supported, or for packages that are not installed.
 */
export async function loadTracing(
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
  log: Logger,
): Promise<Tracing | undefined> {
  const settings = readTracingSettings(environment);
  if (!settings) return undefined;
  const { startTracing } = await import('./open-telemetry.js').catch((error: unknown) => {
    throw isMissing(error) ? createError(findDestination(environment)) : error;
  });
  return startTracing(settings, version, log);
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes("'@opentelemetry/");
}

function createError(variable = ''): StartError {
  return new StartError(
    `${variable} asks for traces, but OpenTelemetry's packages, which are optional, are not installed. Install them (${installCommand()}), or remove the variable.`,
  );
}

/** In a checkout they are development dependencies, too, and npm leaves them so without `--save-prod`. */
function installCommand(): string {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
  const packages = Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([name]) => name.startsWith('@opentelemetry/'))
    .map(([name, range]) => `${name}@${range.replace(/^\^/, '')}`);
  return `npm install --save-prod ${packages.join(' ')}`;
}
