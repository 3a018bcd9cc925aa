import { STATUS_CODES } from 'node:http';
import { Markup, createMarkup, renderPage } from '../http/html-page.js';
import type { ProblemKind, ProblemKinds } from '../problems/problem-codes.js';
import type { Problem } from '../problems/problem.js';
import type { OperationLink, ProblemOperations } from './problem-operations.js';

/** All problems, by status. */
export function renderProblemList(kinds: ProblemKinds, root: string): string {
  const statuses = new Set(Object.values(kinds).map(({ status }) => status));
  const sections = [...statuses].sort((a, b) => a - b).map((status) => renderStatus(kinds, status, root));
  return renderPage({
    title: 'Problems',
    root,
    content: createMarkup`<h1>Problems</h1>
<p>Whatever goes wrong, the body of the response is <code>application/problem+json</code> (RFC 9457), and its
<code>code</code> is one of these. A code keeps its meaning and its status. The endpoints of OAuth respond with the errors
of RFC 6749 instead.</p>
${sections}`,
  });
}

function renderStatus(kinds: ProblemKinds, status: number, root: string): Markup {
  const items = Object.entries(kinds)
    .filter(([, kind]) => kind.status === status)
    .map(
      ([
        code,
        { title, meaning },
      ]) => createMarkup`<dt><a href="${root}problems/${code}"><code>${code}</code></a> ${title}</dt>
<dd>${meaning}</dd>
`,
    );
  return createMarkup`<h2>${status} ${STATUS_CODES[status] ?? ''}</h2>
<dl>
${items}</dl>
`;
}

/** What a problem's `type` links to: what it means, what to do, and which operations respond with it. */
export function renderProblemPage(
  code: string,
  { title, status, meaning, remedy }: ProblemKind,
  root: string,
  operations: ProblemOperations,
): string {
  return renderPage({
    title: `${title} (${code})`,
    root,
    content: createMarkup`<h1>${title}</h1>
<p class="lead"><code>${code}</code>, HTTP status ${status}</p>
<h2>What it means</h2>
<p>${linkOperations(meaning, root, operations)}</p>
<h2>What to do</h2>
<p>${linkOperations(remedy, root, operations)}</p>
<h2>Operations that respond with it</h2>
${renderOperationList(code, root, operations)}
<p class="note">The response itself says more: <code>detail</code> in its body, and the header <code>X-Request-Id</code>,
which names the request in the service's log. There is a <a href="${root}problems">list of all problems</a>.</p>`,
  });
}

/** A problem as a browser gets it that asked for a page. */
export function renderProblemResponse(problem: Problem, root: string, requestId: string): string {
  const { code, status, title, message } = problem;
  return renderPage({
    title,
    root,
    content: createMarkup`<h1>${title}</h1>
<p class="lead"><code>${code}</code>, HTTP status ${status}</p>
<p>${message}</p>
<ul>
<li><a href="${root}">What runs here</a></li>
<li><a href="${root}docs/">All operations</a>, in Swagger UI</li>
<li><a href="${root}problems/${code}">What this problem means, and what to do</a></li>
</ul>
<p class="note">Request <code>${requestId}</code></p>`,
  });
}

/** Each operation that a text names, such as `POST /login`, leads to Swagger UI. */
function linkOperations(text: string, root: string, operations: ProblemOperations): Markup {
  const parts = text.split(/\b((?:GET|POST|PUT|PATCH|DELETE) \/[a-z_/{}.-]*[a-z}])/);
  return new Markup(
    parts
      .map((part) => {
        const operation = operations.findByName(part);
        return operation ? renderOperationLink(operation, root) : createMarkup`${part}`;
      })
      .map((part) => part.text)
      .join(''),
  );
}

function renderOperationList(code: string, root: string, operations: ProblemOperations): Markup {
  const listed = operations.listByCode(code);
  if (operations.mayComeFromAny(code)) {
    return createMarkup`<p>Any operation may: it stands for what is not foreseen.</p>`;
  }
  if (listed.length === 0) {
    return createMarkup`<p>None of the contract's: it is sent before an operation is found, or by operations that are added to
this service.</p>`;
  }
  return createMarkup`<ul class="operations">
${listed.map((operation) => createMarkup`<li>${renderOperationLink(operation, root)} ${operation.summary}</li>\n`)}</ul>`;
}

function renderOperationLink({ name, address }: OperationLink, root: string): Markup {
  return createMarkup`<a href="${root}${address}"><code>${name}</code></a>`;
}
