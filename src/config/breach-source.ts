import { statSync, type Stats } from 'node:fs';
import { parseReceiverUrl } from './audit-receivers.js';

/** Where passwords of data breaches are looked up. */
export type BreachSetting =
  | { readonly kind: 'api'; readonly url: string }
  | { readonly kind: 'folder' | 'file'; readonly path: string };

/** @returns the URL with a slash at its end, or a path with what is there. */
export function parseBreachSource(text: string): BreachSetting {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const url = parseReceiverUrl(text, 'https://api.pwnedpasswords.com/range/');
    // It is in the log: in https://user:1/2@host, the host is "user".
    if (new URL(url).search !== '' || /@|%40/i.test(text)) {
      throw new Error(
        'must be an https URL without user, password, @ and query: the first digits of the hash are put after it',
      );
    }
    return { kind: 'api', url: url.endsWith('/') ? url : `${url}/` };
  }
  const found = findEntry(text);
  if (found?.isDirectory()) return { kind: 'folder', path: text };
  if (found?.isFile()) return { kind: 'file', path: text };
  throw new Error(
    'must be an https URL, such as https://api.pwnedpasswords.com/range/, or the path of a file or folder that is there and that the service’s user may read',
  );
}

/** @returns undefined also where it cannot be looked at: the error would repeat the path, which may be a URL. */
function findEntry(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
