// The operations of a service are Latchkey's own and those of the project that is built on it. Each part has routes and a raw
// document of its own; the contract is merged of both documents.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isOfLatchkey } from '../contract/latchkey-folders.ts';

export interface Part {
  /** Below the root, as the other files here. */
  readonly configFile: string;
  /** As tsoa makes it. */
  readonly documentFile: string;
  /** What the controllers say beside it. */
  readonly sourcesFile: string;
  /** @param file below the root */
  readonly has: (file: string) => boolean;
}

const project: Part = {
  configFile: 'tsoa.json',
  documentFile: 'dist/contract/tsoa.json',
  sourcesFile: 'dist/contract/sources.json',
  has: () => true,
};

/** Latchkey's own checkout builds both; elsewhere Latchkey is a package, which brings its part. */
export function partsOf(root: string): readonly Part[] {
  const configFile = 'tsoa-latchkey.json';
  if (!existsSync(join(root, configFile))) return [project];
  const latchkey: Part = {
    configFile,
    documentFile: 'dist/contract/tsoa-latchkey.json',
    sourcesFile: 'dist/contract/sources-latchkey.json',
    has: isOfLatchkey,
  };
  return [latchkey, { ...project, has: (file) => !isOfLatchkey(file) }];
}
