import { statSync } from 'node:fs';
import { parseReceiverUrl } from './audit-receivers.js';

/** Where passwords of data breaches are looked up. */
export type BreachSetting =
  | { readonly kind: 'api'; readonly url: string }
  | { readonly kind: 'folder' | 'file'; readonly path: string };

/** @returns the URL with a slash at its end, or a path with what is there. */
export function parseBreachSource(text: string): BreachSetting {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const url = parseReceiverUrl(text, 'https://api.pwnedpasswords.com/range/');
    if (new URL(url).search !== '')
      throw new Error('must be a URL without a query: the first digits of the hash are put after it');
    return { kind: 'api', url: url.endsWith('/') ? url : `${url}/` };
  }
  const found = statSync(text, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { kind: 'folder', path: text };
  if (found?.isFile()) return { kind: 'file', path: text };
  throw new Error(
    'must be an https URL, such as https://api.pwnedpasswords.com/range/, or the path of a file or folder that is there',
  );
}
