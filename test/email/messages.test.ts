import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MessageTemplates } from '../../src/email/messages/message-templates.js';
import { exampleVariables, messageNames } from '../../src/email/messages/message.js';
import { readProjectTemplates } from '../../src/email/messages/project-templates.js';
import { temporaryFolder } from '../support/folders.js';

const common = { service: 'Example <&> Co' };

describe('Messages', () => {
  const templates = new MessageTemplates('en');

  for (const language of ['en', 'de']) {
    for (const name of messageNames) {
      it(`${name} is there in ${language}, says the same in text and HTML, and loads nothing`, () => {
        const example = exampleVariables[name];
        const { subject, text, html } = templates.render(name, language, { ...example, ...common });
        expect(subject).to.include(common.service).and.to.have.length.below(120);
        for (const value of Object.values(example)) {
          if (typeof value !== 'string' || !value.startsWith('http')) continue;
          expect(text).to.include(value);
          expect(html).to.include(`href="${value}"`);
        }
        expect(html).to.include(`<html lang="${language}">`).and.to.include('Example &lt;&amp;&gt; Co');
        expect(`${subject}${text}${html}`).not.to.match(/undefined|\[object|NaN/);
        expect(html).not.to.match(/<img|<script|<link|url\(|@import|src=/i);
        // A token is not repeated where it would go elsewhere.
        const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
        expect(links.every((link) => Object.values(example).includes(link as never))).to.equal(true);
      });
    }
  }

  it('are in the first language that there are messages in', () => {
    expect(templates.chooseLanguage('de-AT', 'en')).to.equal('de');
    expect(templates.chooseLanguage('fr', 'de')).to.equal('de');
    expect(templates.chooseLanguage(null, undefined)).to.equal('en');
    expect(new MessageTemplates('de').chooseLanguage('fr')).to.equal('de');
  });
});

describe('Messages of a project', () => {
  const folder = temporaryFolder();
  let made = 0;
  const write = (files: Readonly<Record<string, string>>): string => {
    const path = folder.path(`templates-${(made += 1)}`);
    mkdirSync(path);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  };
  const read = (files: Readonly<Record<string, string>>) => readProjectTemplates(write(files), 'Example');
  const errorOf = async (files: Readonly<Record<string, string>>): Promise<string> =>
    read(files).then(
      () => expect.fail('It did not fail.'),
      (error: unknown) => (error as Error).message,
    );

  it('replace those that come with Latchkey, and add languages', async () => {
    const all = new MessageTemplates(
      'en',
      await read({
        'password_reset.en.txt': 'Subject: A key for <%= it.service %>\n\nGo to <%= it.link %>\n',
        'password_reset.en.html': '<p><%= it.service %>: <a href="<%= it.link %>">go</a></p>',
        'password_reset.fr.txt': 'Subject: Mot de passe\nBonjour',
        'password_reset.fr.html': '<p>Bonjour</p>',
      }),
    );
    const variables = { link: 'https://x.example/?a=1&b=2', minutes: 30, service: 'A & B' };
    expect(all.render('password_reset', 'en', variables)).to.deep.equal({
      subject: 'A key for A & B',
      text: 'Go to https://x.example/?a=1&b=2\n',
      html: '<p>A &amp; B: <a href="https://x.example/?a=1&amp;b=2">go</a></p>',
    });
    expect(all.languages).to.deep.equal(['en', 'de', 'fr']);
    expect(all.render('password_reset', 'fr', variables).subject).to.equal('Mot de passe');
    // What a language lacks is in the default one.
    expect(
      all.render('password_changed', 'fr', { ...exampleVariables.password_changed, ...common }).text,
    ).to.include('was changed');
  });

  it('are refused at the start, with file and reason, where they cannot be used', async () => {
    const html = '<p></p>';
    expect(await errorOf({ 'welcome.en.txt': '' })).to.match(
      /"welcome\.en\.txt", which is no template.*password_reset/,
    );
    expect(await errorOf({ 'password_reset.en.txt': 'Subject: x' })).to.match(
      /There is no .*password_reset\.en\.html/,
    );
    expect(await errorOf({ 'password_reset.en.txt': 'x', 'password_reset.en.html': html })).to.match(
      /first line of .*password_reset\.en\.txt must be "Subject:"/,
    );
    expect(
      await errorOf({ 'password_reset.en.txt': 'Subject: <%= it.nmae %>', 'password_reset.en.html': html }),
    ).to.match(/password_reset\.en\.txt fails:.*no variable "nmae": there are link, minutes, service/s);
    expect(
      await errorOf({ 'password_reset.en.txt': 'Subject: <% if ( %>', 'password_reset.en.html': html }),
    ).to.match(/password_reset\.en\.txt cannot be read/);
    expect(
      await readProjectTemplates('/there/is/no/such/folder', 'x').catch(
        (error: unknown) => (error as Error).message,
      ),
    ).to.match(/LATCHKEY_MAIL_TEMPLATES is .*cannot be read/);
  });
});
