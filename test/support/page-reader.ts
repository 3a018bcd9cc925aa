import { readFileSync, writeFileSync } from 'node:fs';
import { generateSync } from 'otplib';
import type { ProjectCopy } from './project-copy.js';
import { checkJson, checkLines, readFileName, readCommentedOutput, type Block } from './shown-commands.js';
import { Terminal } from './terminal.js';

interface Means {
  readonly project: ProjectCopy;
  readonly environment: NodeJS.ProcessEnv;
  /** A text of the page → its replacement here: an address with a free port, an existing database. */
  readonly instead: Readonly<Record<string, string>>;
}

/** Values that a reader takes from earlier output. */
const placeholders: Readonly<Record<string, RegExp>> = {
  'THE-PRINTED-PASSWORD': /one-time password: (\S+)/,
  'THE-ACCESS-TOKEN': /"access_token":"([^"]+)"/,
  'THE-REFRESH-TOKEN': /"refresh_token":"([^"]+)"/,
  'THE-REGISTRATION-TOKEN': /"registration_token":"([^"]+)"/,
  'THE-LOGIN-TOKEN': /"login_token":"([^"]+)"/,
  'THE-TOKEN-OF-THE-LINK': /\?token=(\S+)/,
  'the secret': /"secret":"([A-Z2-7]+)"/,
  // In two groups.
  'THE-CODE': /^ {4}(\d{3}) (\d{3})$/m,
};
const appCode = 'THE-CODE-OF-THE-APP';

/** Follows a page block by block, like a reader: the service runs in one terminal, all other commands in another. */
export class PageReader {
  readonly #noted = new Map<string, string>();
  readonly #client: Terminal;
  #service: Terminal | undefined;
  /** The output of the last commands. */
  #printed = '';
  /** Seconds since 1970 of the code that the authenticator app showed last: none works twice. */
  #appTime = 0;

  constructor(private readonly means: Means) {
    this.#client = this.#newTerminal();
  }

  async follow(block: Block): Promise<void> {
    if (block.language !== 'json') this.expectNoRefusal();
    const file = readFileName(block);
    switch (block.language) {
      case 'sh':
        // Commands separated by a blank line are typed one after the other.
        for (const commands of block.text.split('\n\n')) await this.#run(commands);
        break;
      case 'python':
        if (file !== undefined) this.#save(file, block.text);
        else {
          this.#save('page.py', block.text);
          await this.#run('python3 page.py');
          checkLines(readCommentedOutput(block.text), this.#printed);
        }
        break;
      case 'js':
        this.#save(file ?? '', block.text);
        break;
      case 'ts':
        this.#compare(file ?? '', block.text.slice(block.text.indexOf('\n') + 1));
        break;
      case 'json':
        checkJson(JSON.parse(this.#filled(block.text)), JSON.parse(this.#printed));
        this.#printed = '';
        break;
      case '':
        checkLines(this.#filled(block.text).replace(/(one-time password: )\S+/, '$1…'), this.#printed);
        break;
      default:
        throw new Error(`Nobody knows what to do with a block of ${block.language}.`);
    }
  }

  /** @throws if the service refused the last request: for curl that is a response like any other. */
  expectNoRefusal(): void {
    if (/"type":"[^"]*\/problems\//.test(this.#printed)) throw new Error(`It was refused: ${this.#printed}`);
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#service?.close();
  }

  async #run(commands: string): Promise<void> {
    if (commands.endsWith('npm start')) await this.#start(commands);
    else {
      this.expectNoRefusal();
      this.#printed = await this.#client.run(this.#filled(this.#readApp(commands)));
    }
    for (const [name, pattern] of Object.entries(placeholders)) {
      const found = pattern.exec(this.#printed);
      if (found) this.#noted.set(name, found.slice(1).join(''));
    }
  }

  /** Types what the authenticator app shows, whose secret was printed; where that was used, what it shows next. */
  #readApp(commands: string): string {
    const secret = this.#noted.get('the secret');
    if (secret === undefined || !commands.includes(appCode)) return commands;
    this.#appTime = Math.max(Math.floor(Date.now() / 1000), this.#appTime + 30);
    return commands.replaceAll(appCode, generateSync({ secret, epoch: this.#appTime }));
  }

  async #start(commands: string): Promise<void> {
    await this.#service?.close();
    const service = this.#newTerminal();
    this.#service = service;
    // The copy has its packages; npm ci itself is the first step of CI.
    service.type(`set -e\n${this.#filled(commands.replace(/^npm ci\n/, ''))}\n`);
    await service.until((printed) => /Swagger UI: \S+\n/.test(printed));
    this.#printed = service.printed;
  }

  #newTerminal(): Terminal {
    return new Terminal({ folder: this.means.project.folder, environment: this.means.environment });
  }

  #save(file: string, text: string): void {
    writeFileSync(this.means.project.path(file), this.#filled(text));
  }

  #compare(file: string, excerpt: string): void {
    if (!readFileSync(this.means.project.path(file), 'utf8').includes(excerpt)) {
      throw new Error(`${file} has no such lines.`);
    }
  }

  #filled(text: string): string {
    // The longest first: some names begin with another one.
    const noted = [...this.#noted, ...Object.entries(this.means.instead)].sort(
      ([one], [other]) => other.length - one.length,
    );
    const filled = noted.reduce((result, [name, value]) => result.replaceAll(name, value), text);
    const missing = /THE-[A-Z-]+/.exec(filled)?.[0];
    if (missing !== undefined) throw new Error(`Nothing that was printed is ${missing}.`);
    return filled;
  }
}
