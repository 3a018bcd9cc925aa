import { writeFileSync } from 'node:fs';
import { dictionary } from '@zxcvbn-ts/language-common';
import { hashCommonPassword, hashLength } from './common-password-hash.js';
import { commonPasswordsFile } from './common-passwords.js';
import { minPasswordLength } from './password-length.js';

// A step of the build: writes the hashes of common passwords, sorted. Shorter ones are refused for their length.
const hashes = new Set(
  dictionary['passwords-common']
    .map(String)
    .filter((each) => each.length >= minPasswordLength)
    .map(hashCommonPassword),
);
const file = Buffer.alloc(hashes.size * hashLength);
for (const [index, hash] of [...hashes].sort((one, other) => one - other).entries()) {
  file.writeUIntBE(hash, index * hashLength, hashLength);
}
writeFileSync(commonPasswordsFile, file);
