import { readFile } from 'node:fs/promises';
import { hashCommonPassword, hashLength } from './common-password-hash.js';

/** Written by the build, beside this module. */
export const commonPasswordsFile = new URL('common-passwords.bin', import.meta.url);

let loaded: Promise<Buffer> | undefined;

/** Whether a password is in the list of @zxcvbn-ts/language-common, in any case. */
export async function isCommonPassword(password: string): Promise<boolean> {
  loaded ??= readFile(commonPasswordsFile);
  return hasHash(await loaded, hashCommonPassword(password));
}

/** How many common passwords there are. */
export async function countCommonPasswords(): Promise<number> {
  loaded ??= readFile(commonPasswordsFile);
  return (await loaded).length / hashLength;
}

function hasHash(sorted: Buffer, hash: number): boolean {
  let from = 0;
  let to = sorted.length / hashLength;
  while (from < to) {
    const middle = (from + to) >> 1;
    const found = sorted.readUIntBE(middle * hashLength, hashLength);
    if (found === hash) return true;
    if (found < hash) from = middle + 1;
    else to = middle;
  }
  return false;
}
