// The files of a new project, from the template.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from './refusal.js';

const template = fileURLToPath(new URL('../template', import.meta.url));

/** npm leaves these out of a package, or reads them in place of its own: they have another name in the template. */
const realNames = new Map(Object.entries({ gitignore: '.gitignore', 'env.example': '.env.example' }));

/** What there may be in the folder before. */
const harmless = new Set(['.git', '.DS_Store']);

/** npm's rules for the name of a package, without a scope. */
const isName = (/** @type {string} */ name) => name.length <= 100 && /^[a-z0-9][a-z0-9._-]*$/.test(name);

/** Names that mean something else to npm or to this project. */
const taken = new Set(['node_modules', 'favicon.ico', 'latchkey', 'tsoa', 'typescript']);

/**
 * @param {{ target: string, latchkey: { spec: string, file?: string }, bringsNode: boolean }} options
 * @throws {Refusal} before anything is written
 */
export function createProject({ target, latchkey, bringsNode }) {
  const name = basename(target);
  if (!isName(name)) throw new Refusal(misspelling(name));
  if (taken.has(name)) throw new Refusal(`"${name}" is the name of something else. Choose another folder.`);
  if (existsSync(target) && !statSync(target).isDirectory())
    throw new Refusal(`${target} is a file. Choose another name.`);
  const [found] = existsSync(target) ? readdirSync(target).filter((file) => !harmless.has(file)) : [];
  if (found !== undefined)
    throw new Refusal(`${target} is not empty: it has ${found}. Choose another folder, or empty this one.`);
  for (const [file, text] of readTemplate(bringsNode)) {
    const path = join(target, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, fill(file, text, { name, latchkey, bringsNode }));
  }
  if (latchkey.file === undefined) return;
  mkdirSync(join(target, 'vendor'));
  copyFileSync(latchkey.file, join(target, 'vendor', basename(latchkey.file)));
}

/**
 * @typedef {object} Manifest
 * @property {Record<string, string>} dependencies
 * @property {Record<string, string>} devDependencies
 * @property {object} [overrides]
 * @property {object} [allowScripts]
 * @property {object} [scarfSettings]
 */

/** @param {string} name */
function misspelling(name) {
  const better = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const advice = isName(better) && better !== name ? ` Did you mean "${better}"?` : '';
  return `"${name}" is no name for a package: write lower-case letters, digits and hyphens, and begin with a letter or a digit.${advice}`;
}

/**
 * @param {boolean} bringsNode
 * @returns {[string, string][]} each file's path in the project, and its text
 */
function readTemplate(bringsNode) {
  return readdirSync(template, { recursive: true, encoding: 'utf8' })
    .map((file) => join(template, file))
    .filter((path) => statSync(path).isFile())
    .map(
      (path) =>
        /** @type {[string, string]} */ ([realPath(relative(template, path)), readFileSync(path, 'utf8')]),
    )
    .filter(([file]) => bringsNode || !file.startsWith('node-runtime'));
}

/** @param {string} file */
function realPath(file) {
  return join(dirname(file), realNames.get(basename(file)) ?? basename(file));
}

/**
 * @param {string} file
 * @param {string} text
 * @param {{ name: string, latchkey: { spec: string, file?: string }, bringsNode: boolean }} values
 */
function fill(file, text, { name, latchkey, bringsNode }) {
  const title = name.replaceAll(/[._-]+/g, ' ').replace(/^./, (letter) => letter.toUpperCase());
  const filled = text.replaceAll('{{name}}', name).replaceAll('{{title}}', title);
  return file === 'package.json' ? completeManifest(filled, { latchkey, bringsNode }) : filled;
}

/**
 * @param {string} text
 * @param {{ latchkey: { spec: string, file?: string }, bringsNode: boolean }} values
 */
function completeManifest(text, { latchkey, bringsNode }) {
  const { dependencies, devDependencies, ...manifest } = /** @type {Manifest} */ (JSON.parse(text));
  const tools = bringsNode ? { ...devDependencies, 'node-runtime': 'file:node-runtime' } : devDependencies;
  const { overrides, allowScripts, scarfSettings, ...first } = manifest;
  const rest = { allowScripts, scarfSettings, overrides };
  const whole = {
    ...first,
    dependencies: { latchkey: latchkey.spec },
    devDependencies: sort(tools),
    ...rest,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** @param {Record<string, string>} group */
function sort(group) {
  return Object.fromEntries(Object.entries(group).sort(([one], [other]) => (one < other ? -1 : 1)));
}
