import type { Component, React, ReactElement, ReactNode } from './react.js';
import type { SwaggerUi } from './system.js';

/** An error message; undefined on success. */
export type Failure = string | undefined;

interface SubmitEvent {
  readonly currentTarget: HTMLFormElement;
  preventDefault(): void;
}
interface Field {
  readonly label: string;
  readonly name: string;
  readonly type: 'text' | 'password';
  readonly autoComplete: string;
}
interface FormContents {
  readonly system: SwaggerUi;
  readonly title: string;
  readonly description: string;
  /** Below the description. */
  readonly note?: ReactNode;
  readonly fields: readonly Field[];
  readonly action: string;
  /** An error message to begin with. */
  readonly failure?: Failure;
  /** @returns an error message; undefined on success. */
  readonly submit: (values: Readonly<Record<string, string>>) => Promise<Failure>;
  /** Another button, which needs none of the fields. */
  readonly beside?: { readonly action: string; readonly run: () => Promise<Failure> } | undefined;
}

/** A form of the Authorize dialog. */
export const DialogForm: Component<FormContents> = ({
  system: { React },
  title,
  description,
  note = null,
  fields,
  action,
  failure: before,
  submit,
  beside,
}) => {
  const [failure, setFailure] = React.useState<Failure>(before);
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    void submit(values).then(setFailure);
  };
  const className = 'btn modal-btn auth authorize';
  const onClick = (): void => void beside?.run().then(setFailure);
  return React.createElement(
    'form',
    { className: 'auth-container', onSubmit },
    React.createElement('h4', null, title),
    description !== '' && React.createElement('p', null, description),
    note,
    ...fields.map((field) => createField(React, field)),
    failure !== undefined && React.createElement('p', { className: 'failure', role: 'alert' }, failure),
    React.createElement(
      'div',
      { className: 'auth-btn-wrapper' },
      React.createElement('button', { type: 'submit', className }, action),
      beside !== undefined &&
        React.createElement('button', { type: 'button', className, onClick }, beside.action),
    ),
  );
};

function createField(React: React, { label, ...input }: Field): ReactElement {
  const id = `authorize-${input.name}`;
  return React.createElement(
    'div',
    { className: 'field' },
    React.createElement('label', { htmlFor: id }, label),
    React.createElement('input', { ...input, id, required: true, spellCheck: false, autoCapitalize: 'none' }),
  );
}

export function closeDialog({ authActions }: SwaggerUi): void {
  authActions.showDefinitions(false);
}
