/** What a form has: files, and texts. */
type Part = Blob | string | undefined;

/** A body of which openapi-typescript says that it has texts where files are. */
type Described<Form> = {
  readonly [Name in keyof Form]: Form[Name] extends readonly (infer Item)[]
    ? (Item extends Blob ? string : Item)[]
    : Form[Name] extends Blob
      ? string
      : Form[Name];
};

/**
 * The body of an operation that takes files, for `api.POST` and the others:
 * `api.POST('/reports', uploadOf({ file, title: 'July' }))`. A `File` has a name and a type.
 */
export function uploadOf<Form extends Readonly<Record<string, Part | readonly Blob[]>>>(
  form: Form,
): { readonly body: Described<Form>; readonly bodySerializer: () => FormData } {
  const data = new FormData();
  for (const [name, value] of Object.entries(form)) {
    const parts: readonly Part[] = typeof value === 'object' && !(value instanceof Blob) ? value : [value];
    for (const part of parts) if (part !== undefined) data.append(name, part);
  }
  // The type is that of the contract, which has no files: what is sent is the form.
  return { body: form as unknown as Described<Form>, bodySerializer: () => data };
}
