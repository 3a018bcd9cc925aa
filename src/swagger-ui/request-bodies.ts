import type { Document, Example } from './document.js';
import type { SwaggerUi } from './system.js';

const formTypes = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** Fills in request bodies for "Try it out" where the service would refuse Swagger UI's samples. */
export class RequestBodies {
  #refreshExample: string | undefined;
  #refreshFilled: string | undefined;

  constructor(private readonly system: SwaggerUi) {}

  /** Fills in the contract's examples of forms: Swagger UI's samples have the value `string` for most fields. */
  fillForms({ paths, components }: Document): void {
    this.#refreshExample = formatBody(
      paths['/refresh']?.['post']?.requestBody?.content['application/json']?.example,
    );
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const form = formTypes.map((type) => requestBody?.content[type]).find((each) => each !== undefined);
        if (form === undefined) continue;
        const example = form.example ?? Object.values(form.examples ?? {})[0]?.value ?? {};
        const model = form.schema?.$ref?.split('/').at(-1) ?? '';
        const { properties = {} } = components?.schemas?.[model] ?? form.schema ?? {};
        for (const [field, { format, items }] of Object.entries(properties)) {
          // Files are the user's to choose.
          if (format === 'binary' || items?.format === 'binary') continue;
          // One call for each field: Swagger UI keeps only the last of several.
          this.#fill(path, method, this.system.Im.Map({ [field]: example[field] ?? '' }));
        }
      }
    }
  }

  /** Replaces the contract's example of a refresh token by the session's own. */
  fillRefreshToken(refreshToken: string): void {
    const value = this.system.oas3Selectors.requestBodyValue('/refresh', 'post') ?? undefined;
    // The user's own input stays.
    if (value !== undefined && value !== this.#refreshExample && value !== this.#refreshFilled) return;
    this.#refreshFilled = formatBody({ refresh_token: refreshToken });
    this.#fill('/refresh', 'post', this.#refreshFilled);
  }

  #fill(path: string, method: string, value: unknown): void {
    const pathMethod = [path, method];
    this.system.oas3Actions.setRequestBodyValue({ value, pathMethod });
    // Otherwise opening the operation would reset it.
    this.system.oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod });
  }
}

/** The JSON text that Swagger UI shows for a body. */
function formatBody(body: Example | undefined): string | undefined {
  return body && JSON.stringify(body, null, 2);
}
