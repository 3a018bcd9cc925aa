import { readFile } from 'node:fs/promises';
import { StartError } from '../../start-error.js';

/** @throws {StartError} where it is not JSON. */
export async function readJsonFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new StartError(
      `The file ${file} cannot be read as a text: ${(cause as Error).message}. It must be UTF-8, and have less than 512 MiB: split a larger one.`,
      { cause },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StartError(`The file ${file} is not JSON: ${(cause as Error).message}.`, { cause });
  }
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/**
 * The list of users in an export.
 * @throws {StartError} where it has none.
 */
export async function readExportedList(file: string, howTo: string): Promise<readonly unknown[]> {
  const { users } = await readJsonFile(file);
  if (!Array.isArray(users)) throw new StartError(`The file ${file} has no "users": ${howTo}.`);
  return users as readonly unknown[];
}
