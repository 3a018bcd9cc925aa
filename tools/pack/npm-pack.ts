import { run } from './run.ts';

/**
 * Packs a folder as npm publishes it.
 * @returns the names of the files that it has made in another one.
 */
export function packFolder(folder: string, destination: string): readonly string[] {
  const packed = JSON.parse(run(folder, 'npm', 'pack', '--json', '--pack-destination', destination)) as
    | readonly { readonly filename: string }[]
    | Readonly<Record<string, { readonly filename: string }>>;
  return Object.values(packed).map(({ filename }) => filename.split(/[\\/]/).at(-1) ?? filename);
}
