// tsoa.json, with the defaults that tsoa's command line would give it and with paths that do not depend on where it runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What tsoa makes a document with. */
export interface TsoaSpecConfig {
  readonly rootSecurity?: unknown;
  readonly tags?: readonly { readonly name: string }[];
  readonly [option: string]: unknown;
}

export interface TsoaConfig {
  readonly root: string;
  /** The controllers, as globs below the root. */
  readonly controllerPathGlobs: readonly string[];
  readonly defaultNumberType: unknown;
  readonly spec: TsoaSpecConfig;
  readonly routes: {
    readonly routesDir: string;
    readonly routesFileName: string;
    readonly middlewareTemplate: string;
  };
}

interface Written {
  readonly controllerPathGlobs: readonly string[];
  readonly defaultNumberType?: unknown;
  readonly noImplicitAdditionalProperties: string;
  readonly spec: TsoaSpecConfig & { readonly specVersion: number };
  readonly routes: {
    readonly routesDir: string;
    readonly routesFileName: string;
    readonly middlewareTemplate: string;
    readonly authenticationModule: string;
    readonly iocModule: string;
  };
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

export function readTsoaConfig(root: string): TsoaConfig {
  const { spec, routes, controllerPathGlobs, noImplicitAdditionalProperties, defaultNumberType } = readJson(
    join(root, 'tsoa.json'),
  ) as Written;
  const { name, version, license } = readJson(join(root, 'package.json')) as Manifest;
  const at = (path: string): string => join(root, path);
  return {
    root,
    controllerPathGlobs,
    defaultNumberType: defaultNumberType ?? 'double',
    spec: {
      name,
      version,
      license,
      basePath: '/',
      contact: {},
      ...spec,
      noImplicitAdditionalProperties,
    },
    routes: {
      basePath: '/',
      ...routes,
      noImplicitAdditionalProperties,
      routesDir: at(routes.routesDir),
      middlewareTemplate: at(routes.middlewareTemplate),
      authenticationModule: at(routes.authenticationModule),
      iocModule: at(routes.iocModule),
    } as TsoaConfig['routes'],
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
