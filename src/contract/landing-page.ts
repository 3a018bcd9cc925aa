import { createMarkup, renderPage } from '../http/html-page.js';

/** The contract's `info`. */
export interface Running {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** What a browser gets at the service's root. */
export function renderLandingPage({ title, version, description = '' }: Running, root: string): string {
  return renderPage({
    title,
    root,
    content: createMarkup`<h1>${title} <small>${version}</small></h1>
<p class="lead">${description}</p>
<ul class="cards">
<li><h2><a href="${root}docs/">Swagger UI</a></h2><p>Log in, and try out every operation.</p></li>
<li><h2><a href="${root}openapi.json">The contract</a></h2><p>OpenAPI 3.0 as JSON, for clients and generators. Also
<a href="${root}openapi.yaml">as YAML</a> and <a href="${root}openapi-3.1.json">in OpenAPI 3.1</a>.</p></li>
<li><h2><a href="${root}problems">Problems</a></h2><p>What each error code means, and what to do about it.</p></li>
<li><h2><a href="${root}health/ready">Health</a></h2><p>Whether the service can handle requests, and whether
<a href="${root}health/live">the process runs</a>.</p></li>
<li><h2><a href="${root}.well-known/oauth-authorization-server">OAuth metadata</a></h2><p>For standard clients and
resource servers. The <a href="${root}.well-known/jwks.json">public keys</a> check access tokens.</p></li>
</ul>`,
  });
}
