import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './checkout.js';
import { readBlocks } from './shown-commands.js';
import { Terminal } from './terminal.js';
import type { Settings } from './service-process.js';

/** The commands of a section of a page, block by block. */
export function readCommands(page: string, section?: string): string[] {
  return readBlocks(readFileSync(join(checkout, page), 'utf8'), section)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text);
}

interface Place {
  readonly folder: string;
  readonly settings: Settings;
  /** A text of the page → its replacement here. */
  readonly instead?: Readonly<Record<string, string>>;
}

/** A shell in which an operator types what a page shows, where the service runs and with its settings. */
export class OperatorTerminal {
  readonly #terminal: Terminal;
  readonly #instead: Readonly<Record<string, string>>;

  constructor({ folder, settings, instead = {} }: Place) {
    mkdirSync(join(folder, 'backups'), { recursive: true });
    this.#instead = { '/backups/': `${folder}/backups/`, ...instead };
    const { PATH, HOME } = process.env;
    this.#terminal = new Terminal({
      folder,
      environment: {
        PATH,
        HOME,
        NODE: process.execPath,
        LAUNCHER: join(checkout, 'bin/latchkey.js'),
        ...settings,
      },
    });
    // What npx runs there, without npx's own second.
    this.#terminal.type('npx() { shift; "$NODE" "$LAUNCHER" "$@"; }\n');
  }

  /** @returns what was printed. @throws where a command fails. */
  run(commands: string): Promise<string> {
    let text = commands;
    for (const [shown, here] of Object.entries(this.#instead)) text = text.replaceAll(shown, here);
    return this.#terminal.run(text);
  }

  close(): Promise<void> {
    return this.#terminal.close();
  }
}
