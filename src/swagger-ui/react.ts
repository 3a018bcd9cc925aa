/** The members of React, which Swagger UI bundles, that the page uses. */
export interface React {
  readonly Fragment: Component<object>;
  createElement<Properties extends object>(
    type: string | Component<Properties>,
    properties: Properties | null,
    ...children: readonly ReactNode[]
  ): ReactElement;
  useEffect(run: () => void, dependencies: readonly unknown[]): void;
  useState<State>(initial: State): readonly [state: State, set: (state: State) => void];
}

export type Component<Properties> = (properties: Properties) => ReactNode;
export type ReactNode = ReactElement | string | null | false | readonly ReactNode[];

/** Opaque; created by React. */
export interface ReactElement {
  readonly type: unknown;
}
