/** The members of the contract that the page reads. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly servers?: readonly { readonly url: string }[];
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  };
}

interface SecurityScheme {
  readonly type?: string;
  readonly description?: string | undefined;
  readonly scheme?: string;
  readonly name?: string;
  readonly 'x-token-scheme'?: string;
}

interface DocumentedOperation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
}
interface Media {
  readonly schema?: Schema & { readonly $ref?: string };
  readonly example?: Example;
  readonly examples?: Readonly<Record<string, { readonly value: Example }>>;
}
interface Schema {
  readonly properties?: Readonly<Record<string, Property>>;
}
interface Property {
  readonly format?: string;
  readonly items?: { readonly format?: string };
}
export type Example = Readonly<Record<string, string>>;
