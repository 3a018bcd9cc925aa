import { german } from './de.js';
import { english } from './en.js';
import { layOut } from './layout.js';
import type { Language, Message, MessageName, MessageWords } from './message.js';

/** A template that cannot be used; the message names its file. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** A message in one language. @throws {TemplateError} */
export type Render = (variables: object) => Message;

/** A template of a project, which replaces one of Latchkey's or is in another language. */
export interface ProjectTemplate {
  readonly name: MessageName;
  readonly language: string;
  readonly render: Render;
}

const builtIn: Readonly<Record<string, Language>> = { en: english, de: german };

/** What each message says, in each language. */
export class MessageTemplates {
  /** Language → message → what it is made with. */
  readonly #all = new Map<string, Map<string, Render>>();

  constructor(
    private readonly defaultLanguage: string,
    ofProject: readonly ProjectTemplate[] = [],
  ) {
    for (const [language, messages] of Object.entries(builtIn)) {
      for (const name of Object.keys(messages) as MessageName[])
        this.#add(language, name, createRender(messages, name, language));
    }
    for (const { language, name, render } of ofProject) this.#add(language, name, render);
  }

  /** The default one first. */
  get languages(): readonly string[] {
    return [...new Set([this.defaultLanguage, ...this.#all.keys()])];
  }

  /** The first one of the given that there are messages in; `de-AT` is served by `de`. */
  chooseLanguage(...wanted: readonly (string | null | undefined)[]): string {
    for (const each of wanted) {
      const tag = each?.toLowerCase();
      if (tag === undefined) continue;
      const known = [...this.#all.keys()];
      const found =
        known.find((language) => language.toLowerCase() === tag) ??
        known.find((language) => language.toLowerCase() === tag.split('-')[0]);
      if (found !== undefined) return found;
    }
    return this.defaultLanguage;
  }

  /** What a language does not have is in the default one. @throws {TemplateError} */
  render(name: string, language: string, variables: object): Message {
    const render =
      this.#all.get(language)?.get(name) ??
      this.#all.get(this.defaultLanguage)?.get(name) ??
      this.#all.get('en')?.get(name);
    // Of a later version, which has been rolled back.
    if (!render) throw new TemplateError(`There is no message "${name}" in this version.`);
    return render(variables);
  }

  #add(language: string, name: string, render: Render): void {
    const messages = this.#all.get(language) ?? new Map<string, Render>();
    this.#all.set(language, messages.set(name, render));
  }
}

function createRender(messages: Language, name: MessageName, language: string): Render {
  // Each takes its own variables, which were enqueued for it.
  const write = messages[name] as (variables: object) => MessageWords;
  return (variables) => layOut(write(variables), language);
}
