import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './checkout.js';
import { readBlocks, readFileName } from './shown-commands.js';

/**
 * The files that a page shows, by the name in the comment of their first line.
 * @param page its path in the repository.
 */
export function readSnippets(page: string): ReadonlyMap<string, string> {
  const snippets = new Map<string, string>();
  for (const block of readBlocks(readFileSync(join(checkout, page), 'utf8'))) {
    const file = readFileName(block);
    if (file !== undefined) snippets.set(file, block.text);
  }
  return snippets;
}
