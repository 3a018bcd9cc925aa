import { createHash } from 'node:crypto';
import { problemCodes, type ProblemCode } from './problem-codes.js';

const style = `
body { margin: 3rem auto; max-width: 42rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; }
h1 { line-height: 1.2; }
dt { font-weight: 600; margin-top: 1rem; }
dd { margin: 0; }
@media (prefers-color-scheme: dark) { body { color: #e6e8eb; background: #16191d; } a { color: #8ab4f8; } }
`;

/** For the page's `Content-Security-Policy`: its own style, and nothing else. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'`;

/** What a problem's `type` links to: what it means, and what to do. */
export function problemPage(code: ProblemCode): string {
  const { title, status, meaning, remedy } = problemCodes[code];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)} (${code})</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>Code <code>${code}</code>, HTTP status ${status}</p>
<dl>
<dt>What it means</dt>
<dd>${escaped(meaning)}</dd>
<dt>What to do</dt>
<dd>${escaped(remedy)}</dd>
</dl>
<p>The answer itself says more: <code>detail</code> in its body, and the header <code>X-Request-Id</code>, which names the request in the service's log. All operations are in the <a href="../docs/">documentation</a>.</p>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
