import { readFileSync, statSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

interface ReadSecretFiles {
  /** The environment with what the files say in the variables that they stand for. */
  readonly environment: Environment;
  /** Variable → the file that it was read from. */
  readonly files: ReadonlyMap<string, string>;
  readonly errors: readonly string[];
}

/** The variable with the path of a file that has the value of another one: orchestrators mount secrets as files. */
export function getFileVariable(name: string): string {
  return `${name}_FILE`;
}

/** @param names of the variables that may be given as files. */
export function readSecretFiles(names: readonly string[], environment: Environment): ReadSecretFiles {
  const read: Record<string, string> = {};
  const files = new Map<string, string>();
  const errors: string[] = [];
  for (const [name, file] of listFiles(names, environment)) {
    try {
      if (environment[name]) throw new Error(`${name} is set, too. Keep one of them`);
      read[name] = readSecretFile(file);
      files.set(name, file);
    } catch (error) {
      const shown = isPath(file) ? `is "${file}"` : 'must be the path of a file';
      errors.push(`${getFileVariable(name)} ${shown}, but ${(error as Error).message}.`);
    }
  }
  return { environment: { ...environment, ...read }, files, errors };
}

/** Whether a text is certainly a path, and not the secret itself, which was meant for the variable without `_FILE`. */
function isPath(text: string): boolean {
  return /^(?:\.{0,2}\/|[A-Za-z]:[\\/])[^:@]*$/.test(text);
}

/** A warning for each file that every user of the machine may read. */
export function findExposedFiles(names: readonly string[], environment: Environment): string[] {
  // Windows has no such modes.
  if (process.platform === 'win32') return [];
  return listFiles(names, environment)
    .filter(([, file]) => (readMode(file) & 0o004) !== 0)
    .map(
      ([name, file]) =>
        `${getFileVariable(name)} is "${file}", which every user of this machine may read. Give it mode 0400, and the service's user as its owner.`,
    );
}

/** @returns 0 also where the file cannot be looked at, which is an error elsewhere. */
function readMode(file: string): number {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  } catch {
    return 0;
  }
}

function listFiles(names: readonly string[], environment: Environment): [name: string, file: string][] {
  return names.flatMap((name) => {
    const file = environment[getFileVariable(name)];
    return file ? [[name, file]] : [];
  });
}

/** @throws {Error} with a message that continues "…, but". */
function readSecretFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code ?? (isPath(file) ? message : 'not a path');
    throw new Error(readErrors[reason] ?? `that file cannot be read (${reason})`, { cause });
  }
  // Editors and `echo` end a file with one.
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw new Error('that file is empty');
  return value;
}

const readErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'that is a folder',
  EACCES: "the service's user may not read that file",
};
