/** As much of React as the page uses, which Swagger UI brings along. */
export interface React {
  /** Several elements without one around them. */
  readonly Fragment: Component<object>;
  createElement<Properties extends object>(
    type: string | Component<Properties>,
    properties: Properties | null,
    ...children: readonly ReactNode[]
  ): ReactElement;
  useState<State>(initial: State): readonly [state: State, set: (state: State) => void];
}

export type Component<Properties> = (properties: Properties) => ReactNode;
export type ReactNode = ReactElement | string | null | false | readonly ReactNode[];

/** Made by React alone. */
export interface ReactElement {
  readonly type: unknown;
}
