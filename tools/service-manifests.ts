// Writes what npm installs the service from into a folder, with the packages for traces: an image has them, and advisories
// for them are looked for, too.
import { resolve } from 'node:path';
import { readCommandLine, reportMisuse } from './command-line.ts';
import { writeServiceManifests } from './pack/service-packages.ts';

const usage = `Usage: node tools/service-manifests.ts <folder>`;

const given = readCommandLine(usage, { allowPositionals: true });
const [folder] = given?.positionals ?? [];
if (given && folder === undefined) reportMisuse('The folder is missing.', usage);
if (folder !== undefined) writeServiceManifests(resolve(folder));
