import type { Request, Response } from 'express';
import { getForwardedPrefix } from './trusted-proxy.js';

/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly Markup[];

/** A tag for HTML templates: interpolated values are escaped, except markup. */
export function createMarkup(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = parts.map((part) => {
    if (part instanceof Markup) return part.text;
    return typeof part === 'object' ? part.map(({ text }) => text).join('') : escapeHtml(String(part));
  });
  return new Markup(String.raw({ raw: template }, ...texts));
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The service's own stylesheet and mark, and nothing else. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Page {
  readonly title: string;
  /** A reference to the service's root, from `getRootReference`. */
  readonly root: string;
  readonly content: Markup;
}

/** A page in the style of all of the service's: Swagger UI has the same stylesheet and the same masthead. */
export function renderPage({ title, root, content }: Page): string {
  return createMarkup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${root}docs/mark.svg">
<link rel="stylesheet" href="${root}docs/style.css">
</head>
<body>
<header class="masthead">
<a class="brand" href="${root}"><img src="${root}docs/mark.svg" alt="" width="32" height="32">Latchkey</a>
<nav aria-label="Pages"><a href="${root}docs/">Swagger UI</a> <a href="${root}problems">Problems</a></nav>
</header>
<main class="page">
${content}
</main>
</body>
</html>
`.text;
}

/** To be called before a 304 can be sent. */
export function setPageHeaders(response: Response): void {
  response.setHeader('Content-Security-Policy', pagePolicy);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
}

/** Whether the client would rather have a page than JSON, as browsers do that follow a link. */
export function prefersPage(request: Request): boolean {
  return request.accepts(['application/json', 'text/html']) === 'text/html';
}

/**
 * A URL reference from the request's path to the service's root, with a trailing slash. Relative, so that it works below any
 * path prefix that a proxy removes; absolute where the proxy sends the prefix, since it may serve the root without the slash.
 */
export function getRootReference(request: Request): string {
  const prefix = getForwardedPrefix(request);
  const depth = request.path.split('/').length - 2;
  return prefix === '' ? '../'.repeat(depth) || './' : `${prefix}/`;
}
