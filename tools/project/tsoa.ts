// tsoa's own generators, given a program that is there already: its command line reads and parses everything by itself, and
// has no way to be kept warm. They are no public interface of tsoa, so the version must be the one that was tried.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';
import type { TsoaConfig, TsoaSpecConfig } from './tsoa-config.ts';

const triedVersion = '6.6.0';

/** The parts of @tsoa/cli that are used here. */
interface Tsoa {
  readonly MetadataGenerator: new (
    entryFile: string,
    options: ts.CompilerOptions,
    ignore: undefined,
    globs: undefined,
    rootSecurity: unknown,
    defaultNumberType: string,
  ) => { Generate: () => Metadata };
  readonly SpecGenerator3: new (metadata: Metadata, config: TsoaSpecConfig) => { GetSpec: () => object };
  readonly DefaultRouteGenerator: new (
    metadata: Metadata,
    config: object,
  ) => { buildContent: (template: string) => string };
}

/** What tsoa has read of controllers, and the models that they refer to. */
export interface Metadata {
  readonly controllers: readonly { readonly location: string }[];
  readonly referenceTypeMap: Readonly<Record<string, unknown>>;
}

export interface Generated {
  /** The text of the file with the routes. */
  readonly routes: string;
  /** The OpenAPI document, as tsoa writes it. */
  readonly document: string;
}

/** Where tsoa is not the one that this engine was tried with. */
export class UnsuitableTsoa extends Error {}

let loaded: Tsoa | undefined;

/**
 * @param root of the project, whose tsoa it is
 * @param controllers the files that have them, in the order in which the routes are to list them
 * @throws what tsoa cannot read
 */
export function readMetadata(
  root: string,
  program: ts.Program,
  controllers: readonly ts.SourceFile[],
  { spec: { rootSecurity }, defaultNumberType }: TsoaConfig,
): Metadata {
  const { MetadataGenerator } = load(root);
  const empty = { noLib: true, noResolve: true, types: [] };
  const generator = new MetadataGenerator('', empty, undefined, undefined, rootSecurity, defaultNumberType);
  // The constructor can only make a program of its own: it has made an empty one.
  Object.assign(generator, {
    program: { getSourceFiles: () => controllers },
    typeChecker: program.getTypeChecker(),
  });
  return removeWarnings(() => generator.Generate());
}

/** Makes routes and a raw document. */
export function generate(root: string, metadata: Metadata, { spec, routes }: TsoaConfig): Generated {
  const { SpecGenerator3, DefaultRouteGenerator } = load(root);
  const written = readFileSync(routes.middlewareTemplate, 'utf8');
  // tsoa takes it for a file.
  const template =
    routes.iocModule === undefined ? written.replace('{{iocModule}}', 'latchkey/build') : written;
  return {
    routes: new DefaultRouteGenerator(metadata, routes).buildContent(template),
    document: JSON.stringify(new SpecGenerator3(metadata, spec).GetSpec(), null, '\t'),
  };
}

/** Some of the controllers, with the models that they refer to. */
export function readPart(
  { controllers, referenceTypeMap }: Metadata,
  isPart: (location: string) => boolean,
): Metadata {
  const part = controllers.filter(({ location }) => isPart(location));
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const { refName } = value as { readonly refName?: unknown };
    if (typeof refName === 'string' && !names.has(refName)) {
      names.add(refName);
      visit(referenceTypeMap[refName]);
    }
    for (const member of Object.values(value)) visit(member);
  };
  visit(part);
  return {
    controllers: part,
    referenceTypeMap: Object.fromEntries(
      Object.entries(referenceTypeMap).filter(([name]) => names.has(name)),
    ),
  };
}

function load(root: string): Tsoa {
  return (loaded ??= loadTsoa(root));
}

function loadTsoa(root: string): Tsoa {
  const ofProject = createRequire(join(root, 'package.json'));
  const ofTsoa = createRequire(ofProject.resolve('tsoa/package.json'));
  const { version } = ofTsoa('@tsoa/cli/package.json') as { version: string };
  if (version !== triedVersion) {
    throw new UnsuitableTsoa(
      `@tsoa/cli is ${version} here, and this build works with ${triedVersion}. Run "npm install --save-dev --save-exact tsoa@${triedVersion}".`,
    );
  }
  const ofCli = createRequire(ofTsoa.resolve('@tsoa/cli/package.json'));
  const own = createRequire(import.meta.url);
  // Nodes of another TypeScript have other numbers for their kinds.
  if (ofCli.resolve('typescript') !== own.resolve('typescript')) {
    const [theirs, ours] = [ofCli, own].map(
      (require) => (require('typescript') as { version: string }).version,
    );
    throw new UnsuitableTsoa(
      `tsoa would read with TypeScript ${theirs}, and this build with ${ours}. Run "npm install --save-dev typescript@${theirs}", so that both have the same.`,
    );
  }
  return {
    ...(ofTsoa('@tsoa/cli/dist/metadataGeneration/metadataGenerator.js') as Pick<Tsoa, 'MetadataGenerator'>),
    ...(ofTsoa('@tsoa/cli/dist/swagger/specGenerator3.js') as Pick<Tsoa, 'SpecGenerator3'>),
    ...(ofTsoa('@tsoa/cli/dist/routeGeneration/defaultRouteGenerator.js') as Pick<
      Tsoa,
      'DefaultRouteGenerator'
    >),
  };
}

/** It warns of paths that overlap, such as `/users/{id}` and `/users/export`, which are found in the right order here. */
function removeWarnings<Result>(work: () => Result): Result {
  const { warn, error } = console;
  console.warn = () => undefined;
  // The names of the types around one that it cannot read, before the error that says which.
  console.error = () => undefined;
  try {
    return work();
  } finally {
    Object.assign(console, { warn, error });
  }
}
