import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout } from './checkout.js';
import { runProgram } from './run-program.js';

interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

const sdk = join(checkout, 'sdks/typescript');

/**
 * Makes one script of a page's, with the TypeScript SDK of this contract as `@latchkey/client`.
 * @param entry its path in the repository, or its text.
 */
export async function bundlePage(
  entry: { readonly file: string } | { readonly text: string },
): Promise<string> {
  const made = runProgram(process.execPath, [join(checkout, 'tools/sdk.ts'), 'generate', 'typescript'], {
    cwd: checkout,
  });
  if (made.status !== 0) throw new Error(`The SDK cannot be made:\n${made.stdout}${made.stderr}`);
  // It is one of the SDK's packages, which the line above installs.
  const esbuild = (await import(
    pathToFileURL(join(sdk, 'node_modules/esbuild/lib/main.js')).href
  )) as Esbuild;
  const { outputFiles } = await esbuild.build({
    ...('file' in entry
      ? { entryPoints: [join(checkout, entry.file)] }
      : { stdin: { contents: entry.text, resolveDir: sdk } }),
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    write: false,
    nodePaths: [join(sdk, 'node_modules')],
    alias: { '@latchkey/client': join(sdk, 'src/index.ts') },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0]?.text ?? '';
}
