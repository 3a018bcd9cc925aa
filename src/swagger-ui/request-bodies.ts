import type { Document, Example } from './document.js';
import type { SwaggerUi } from './system.js';

const formType = 'application/x-www-form-urlencoded';

/** What the operations are tried out with, where Swagger UI's own choice would be refused. */
export class RequestBodies {
  #refreshExample: string | undefined;
  #refreshFilled: string | undefined;

  constructor(private readonly system: SwaggerUi) {}

  /** Fills in the contract's examples of forms: Swagger UI sends a sample of each field, `string` for most of them. */
  fillForms({ paths, components }: Document): void {
    this.#refreshExample = textOf(
      paths['/refresh']?.['post']?.requestBody?.content['application/json']?.example,
    );
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const form = requestBody?.content[formType];
        if (form === undefined) continue;
        const example = form.example ?? Object.values(form.examples ?? {})[0]?.value ?? {};
        const model = form.schema?.$ref?.split('/').at(-1) ?? '';
        const { properties = {} } = components?.schemas?.[model] ?? form.schema ?? {};
        for (const field of Object.keys(properties)) {
          // One at a time: of several, Swagger UI takes the last.
          this.#fill(path, method, this.system.Im.Map({ [field]: example[field] ?? '' }));
        }
      }
    }
  }

  /** Puts the session's own refresh token where the contract has an example of one. */
  fillRefreshToken(refreshToken: string): void {
    const value = this.system.oas3Selectors.requestBodyValue('/refresh', 'post') ?? undefined;
    // What somebody typed there stays.
    if (value !== undefined && value !== this.#refreshExample && value !== this.#refreshFilled) return;
    this.#refreshFilled = textOf({ refresh_token: refreshToken });
    this.#fill('/refresh', 'post', this.#refreshFilled);
  }

  #fill(path: string, method: string, value: unknown): void {
    const pathMethod = [path, method];
    this.system.oas3Actions.setRequestBodyValue({ value, pathMethod });
    // Else it would be gone when the operation is opened.
    this.system.oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod });
  }
}

/** As Swagger UI shows it. */
function textOf(body: Example | undefined): string | undefined {
  return body && JSON.stringify(body, null, 2);
}
