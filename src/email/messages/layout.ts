import { createMarkup, Markup } from '../../http/html-page.js';
import type { Block, Message, MessageWords } from './message.js';

/** Text and HTML of a message. */
export function layOut(words: MessageWords, language: string): Message {
  return { subject: words.subject, text: writeText(words), html: writeHtml(words, language) };
}

function writeText({ body }: MessageWords): string {
  return `${body.map(toText).join('\n\n')}\n`;
}

function toText(block: Block): string {
  if (typeof block === 'string') return block;
  return 'code' in block ? `    ${block.code}` : `${block.label}:\n${block.link}`;
}

/**
 * One column of at most 560 pixels, which is as wide as the window on a telephone. The colors are in a style sheet, where
 * programs look that show mail in dark colors; what a program without style sheets needs is in the elements. There are no
 * pictures and no addresses of others: opening the message tells nobody.
 */
function writeHtml({ subject, body }: MessageWords, language: string): string {
  return createMarkup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${new Markup(styles)}</style>
</head>
<body>
<div class="card" style="max-width: 560px; margin: 0 auto; padding: 24px; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;">
<h1 style="font-size: 20px; line-height: 1.3; margin: 0 0 16px;">${subject}</h1>
${body.map(toHtml)}</div>
</body>
</html>
`.text;
}

function toHtml(block: Block): Markup {
  if (typeof block === 'string') return createMarkup`<p style="margin: 0 0 16px;">${block}</p>\n`;
  if ('code' in block) {
    return createMarkup`<p class="code" style="margin: 0 0 16px; font: 28px/1.3 ui-monospace, Consolas, monospace; letter-spacing: 2px;">${block.code}</p>\n`;
  }
  return createMarkup`<p style="margin: 0 0 8px;"><a class="button" href="${block.link}" style="display: inline-block; padding: 10px 20px; border-radius: 6px; background: #1f5fbf; color: #ffffff; font-weight: 600; text-decoration: none;">${block.label}</a></p>
<p class="link" style="margin: 0 0 16px; font-size: 13px; overflow-wrap: anywhere;">${block.link}</p>\n`;
}

const styles = `
:root { color-scheme: light dark; }
body { margin: 0; padding: 16px; background: #f4f5f7; color: #1c2430; }
.card { background: #ffffff; border-radius: 8px; box-sizing: border-box; }
.link { color: #56606e; }
@media (max-width: 480px) { body { padding: 0; } .card { border-radius: 0; } }
@media (prefers-color-scheme: dark) {
  body { background: #14181f; color: #e6e9ee; }
  .card { background: #1e242d; }
  .link { color: #a3adba; }
  .button { background: #8ab8ff !important; color: #0d1420 !important; }
}
`;
