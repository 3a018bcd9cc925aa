// tsoa.json, with the defaults that tsoa's command line would give it and with paths that do not depend on where it runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What tsoa makes a document with. */
export interface TsoaSpecConfig {
  readonly rootSecurity?: unknown;
  readonly tags?: readonly { readonly name: string }[];
  readonly [option: string]: unknown;
}

/** What tsoa makes routes with. */
interface TsoaRoutesConfig {
  readonly routesDir: string;
  readonly routesFileName: string;
  readonly middlewareTemplate: string;
  readonly iocModule: string;
  readonly [option: string]: unknown;
}

interface Written {
  readonly controllerPathGlobs?: readonly string[];
  readonly defaultNumberType?: string;
  readonly noImplicitAdditionalProperties: string;
  readonly spec: TsoaSpecConfig;
  readonly routes: TsoaRoutesConfig;
}

export interface TsoaConfig {
  /** The controllers, as globs below the root. */
  readonly controllerPathGlobs: readonly string[];
  readonly defaultNumberType: string;
  readonly spec: TsoaSpecConfig;
  readonly routes: TsoaRoutesConfig;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

/** @param file below the root */
export function readTsoaConfig(root: string, file: string): TsoaConfig {
  const {
    spec,
    routes,
    controllerPathGlobs = [],
    noImplicitAdditionalProperties,
    defaultNumberType = 'double',
  } = readJson(join(root, file)) as Written;
  const { name, version, license } = readJson(join(root, 'package.json')) as Manifest;
  return {
    controllerPathGlobs,
    defaultNumberType,
    spec: { name, version, license, basePath: '/', contact: {}, ...spec, noImplicitAdditionalProperties },
    routes: {
      basePath: '/',
      ...routes,
      noImplicitAdditionalProperties,
      routesDir: join(root, routes.routesDir),
      middlewareTemplate: join(root, routes.middlewareTemplate),
      iocModule: join(root, routes.iocModule),
    },
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
