import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Of an entry in a tar file: its header, and the unit of its content's length. */
const block = 512;

/**
 * @param {string} file what `npm pack` has made
 * @returns {string | undefined} the name in its package.json; undefined where it is no such file
 */
export function readPackedName(file) {
  const bytes = readFileSync(file);
  try {
    const manifest = /** @type {{ name?: unknown }} */ (JSON.parse(readManifest(gunzipSync(bytes))));
    return typeof manifest.name === 'string' ? manifest.name : undefined;
  } catch {
    // Neither compressed nor JSON.
    return undefined;
  }
}

/** @param {Buffer} tar */
function readManifest(tar) {
  for (let at = 0; at + block <= tar.length;) {
    const [name = ''] = tar.toString('utf8', at, at + 100).split('\0', 1);
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    const start = at + block;
    if (name === 'package/package.json') return tar.toString('utf8', start, start + size);
    at = start + Math.ceil(size / block) * block;
  }
  return '';
}
