import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** File of the build → what stands in it, and what stands there instead. */
export type Changes = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/** Called before the service is loaded (`--import`): it runs with these changes. */
export function changeSource(changes: Changes): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const file = Object.keys(changes).find((name) => url.endsWith(name));
      if (file === undefined) return loaded;
      let source = readFileSync(new URL(url), 'utf8');
      for (const [from, to] of changes[file] ?? []) {
        if (!source.includes(from)) throw new Error(`${file} has no "${from}" any more.`);
        source = source.replace(from, to);
      }
      return { ...loaded, source };
    },
  });
}
