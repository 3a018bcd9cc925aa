import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../start-error.js';
import { TemplateError, type ProjectTemplate, type Render } from './message-templates.js';
import { exampleVariables, messageNames, type MessageName } from './message.js';

const filePattern = /^(?<name>[a-z_]+)\.(?<language>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.(?<form>txt|html)$/;
const maxSubjectLength = 200;

/**
 * Reads a project's folder of templates: `<message>.<language>.txt`, whose first line is the subject, and
 * `<message>.<language>.html`, in eta's syntax. Each is tried with example variables, so that what is wrong is seen at a start.
 * @throws {StartError}
 */
export async function readProjectTemplates(folder: string, service: string): Promise<ProjectTemplate[]> {
  const files = listFiles(folder);
  const { Eta } = await import('eta');
  const engines = {
    txt: new Eta({ autoEscape: false, cache: false, autoTrim: [false, 'nl'] }),
    html: new Eta({ autoEscape: true, cache: false, autoTrim: [false, 'nl'] }),
  };
  const compile = (form: keyof typeof engines, path: string) => {
    const engine = engines[form];
    try {
      const template = engine.compile(readFileSync(path, 'utf8'));
      return (variables: object): string => template.call(engine, guard(variables));
    } catch (cause) {
      throw new StartError(`The template ${path} cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
  return [...files].map(([base, { name, language, forms }]) => {
    const [text, html] = (['txt', 'html'] as const).map((form) => {
      const path = join(folder, `${base}.${form}`);
      if (!forms.has(form)) {
        throw new StartError(
          `There is no ${path}: a message has a text and HTML, in two files that differ in their ending alone.`,
        );
      }
      const write = compile(form, path);
      return (variables: object): string => {
        try {
          return write(variables);
        } catch (cause) {
          throw new TemplateError(`The template ${path} fails: ${(cause as Error).message}`, { cause });
        }
      };
    }) as [(variables: object) => string, (variables: object) => string];
    const render: Render = (variables) => {
      const { subject, body } = splitText(text(variables), join(folder, `${base}.txt`));
      return { subject, text: body, html: html(variables) };
    };
    tryOut(render, name, service);
    return { name, language, render };
  });
}

interface Files {
  readonly name: MessageName;
  readonly language: string;
  readonly forms: Set<string>;
}

function listFiles(folder: string): Map<string, Files> {
  let entries: string[];
  try {
    entries = readdirSync(folder).filter((entry) => !entry.startsWith('.'));
  } catch (cause) {
    throw new StartError(
      `LATCHKEY_MAIL_TEMPLATES is "${folder}", which cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
  const found = new Map<string, Files>();
  for (const entry of entries.sort()) {
    const { name = '', language = '', form = '' } = filePattern.exec(entry)?.groups ?? {};
    const known = messageNames.find((each) => each === name);
    if (known === undefined) {
      throw new StartError(
        `The folder of LATCHKEY_MAIL_TEMPLATES has "${entry}", which is no template: files are <message>.<language>.txt and <message>.<language>.html, such as password_reset.en.txt. The messages are ${messageNames.join(', ')}.`,
      );
    }
    const base = `${name}.${language}`;
    const files = found.get(base) ?? { name: known, language, forms: new Set() };
    files.forms.add(form);
    found.set(base, files);
  }
  return found;
}

/** A name that no variable has would be an "undefined" in the message. */
function guard(variables: object): object {
  return new Proxy(variables, {
    get: (target, name) => {
      if (typeof name === 'symbol' || Object.hasOwn(target, name))
        return Reflect.get(target, name) as unknown;
      throw new Error(`there is no variable "${name}": there are ${Object.keys(target).join(', ')}`);
    },
  });
}

function splitText(text: string, path: string): { readonly subject: string; readonly body: string } {
  const [first = '', ...lines] = text.replaceAll('\r\n', '\n').split('\n');
  const [, subject = ''] = /^Subject:(.*)$/.exec(first) ?? [];
  if (subject.trim() === '' || subject.length > maxSubjectLength) {
    throw new TemplateError(
      `The first line of ${path} must be "Subject:" and a subject of ${maxSubjectLength} characters at most.`,
    );
  }
  return { subject: subject.trim(), body: `${lines.join('\n').trim()}\n` };
}

function tryOut(render: Render, name: MessageName, service: string): void {
  try {
    render({ ...exampleVariables[name], service });
  } catch (cause) {
    if (cause instanceof TemplateError) throw new StartError(cause.message, { cause });
    throw cause;
  }
}
