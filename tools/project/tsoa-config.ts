// tsoa.json, with what Latchkey gives to each project, with the defaults that tsoa's command line would give it, and with paths
// that do not depend on where it runs.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root as packageFolder } from '../../bin/sources.js';

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
  /** What the routes import `defineRoutes` from; undefined: `latchkey/build`. */
  readonly iocModule?: string;
  readonly [option: string]: unknown;
}

interface Written {
  readonly controllerPathGlobs?: readonly string[];
  readonly defaultNumberType?: string;
  readonly noImplicitAdditionalProperties?: string;
  readonly spec?: Partial<TsoaSpecConfig>;
  readonly routes?: Partial<TsoaRoutesConfig>;
}

/** What a project's tsoa.json need not say: its operations are read as Latchkey's own are. */
const defaults = {
  controllerPathGlobs: ['src/**/*.controller.ts'],
  noImplicitAdditionalProperties: 'throw-on-extras',
  spec: {
    specVersion: 3,
    operationIdTemplate: '{{method.name}}',
    useTitleTagsForInlineObjects: true,
    rootSecurity: [{ bearer: [] }],
    specMerging: 'recursive',
    spec: { openapi: '3.0.3' },
  },
  routes: {
    routesDir: 'generated',
    routesFileName: 'routes.ts',
    middlewareTemplate: join(packageFolder, 'src/server/routes.hbs'),
    esm: true,
    noWriteIfUnchanged: true,
    bodyCoercion: false,
  },
};

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
  const written = readJson(join(root, file)) as Written;
  const {
    controllerPathGlobs,
    noImplicitAdditionalProperties,
    defaultNumberType = 'double',
  } = {
    ...defaults,
    ...written,
  };
  const spec = { ...defaults.spec, ...written.spec };
  const routes: TsoaRoutesConfig = { ...defaults.routes, ...written.routes };
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
      middlewareTemplate: resolve(root, routes.middlewareTemplate),
      ...(routes.iocModule !== undefined && { iocModule: join(root, routes.iocModule) }),
    },
  };
}

/** tsoa's own, of which the build takes some. */
const members = [
  ...['$schema', 'controllerPathGlobs', 'spec', 'routes', 'noImplicitAdditionalProperties'],
  ...['defaultNumberType', 'entryFile', 'ignore', 'compilerOptions', 'multerOpts'],
];

/** What is wrong with the files that are read here, and where. */
export function findConfigErrors(root: string, parts: readonly { readonly configFile: string }[]): string[] {
  return ['package.json', ...parts.map(({ configFile }) => configFile)].flatMap((file) => {
    try {
      const written = readJson(join(root, file)) as object;
      const unknown =
        file === 'package.json' ? [] : Object.keys(written).filter((name) => !members.includes(name));
      return unknown.map(
        (name) => `${file} has "${name}", which is no member of it. There are: ${members.join(', ')}.`,
      );
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return [`${file} is not there.`];
      if (!(error instanceof SyntaxError)) throw error;
      const [, line = '1'] = /\(line (\d+) /.exec(message) ?? [];
      return [`${file}:${line}: This is no JSON: ${message}`];
    }
  });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
