import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { StartError } from '../start-error.js';
import type { Tracing } from './tracing.js';
import { findDestination, readTracingSettings } from './tracing-settings.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Versions;
  /** Development dependencies, in a field of our own: as optional peers, they let no project have other versions. */
  readonly tracePackages: Versions;
}

type Start = (version: string, log: Logger) => Tracing;

const manifestFile = new URL('../../../package.json', import.meta.url);

/** What Node's errors say about a package that is not there, or that lacks what is imported from it. */
const unusableCodes = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];

/**
 * Loads OpenTelemetry, where its standard variables ask for traces.
 * @param version of the service.
 * @throws {StartError} where they ask for what is not supported, or for packages that are not installed.
 */
export async function loadTracing(
  environment: Environment,
  version: string,
  log: Logger,
): Promise<Tracing | undefined> {
  const start = await loadOpenTelemetry(environment);
  return start?.(version, log);
}

/** @returns what a start would refuse in the variables of OpenTelemetry, or in its packages. */
export async function findTracingError(environment: Environment): Promise<string | undefined> {
  try {
    await loadOpenTelemetry(environment);
    return undefined;
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
}

async function loadOpenTelemetry(environment: Environment): Promise<Start | undefined> {
  const settings = readTracingSettings(environment);
  if (!settings) return undefined;
  const { startTracing } = await import('./open-telemetry.js').catch((error: unknown) => {
    throw isUnusable(error) ? createError(findDestination(environment)) : error;
  });
  return (version, log) => startTracing(settings, version, log);
}

/** Another major version has other names: Node says so by a SyntaxError. */
function isUnusable(error: unknown): boolean {
  if (!(error instanceof Error) || !error.message.includes('@opentelemetry/')) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  return error instanceof SyntaxError || unusableCodes.includes(code);
}

function createError(variable = ''): StartError {
  return new StartError(
    `${variable} asks for traces, but OpenTelemetry's packages, which are optional, are not installed in the versions that are needed. Install them (${installCommand()}), or turn traces off: remove the variable, or set OTEL_SDK_DISABLED=true.`,
  );
}

/** In a checkout they are development dependencies, and npm leaves them so without `--save-prod`. */
function installCommand(): string {
  const { dependencies, tracePackages } = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
  const packages = Object.entries({ ...dependencies, ...tracePackages })
    .filter(([name]) => name.startsWith('@opentelemetry/'))
    .map(([name, version]) => `${name}@${version}`);
  return `npm install --save-prod ${packages.join(' ')}`;
}
