// Rules of this codebase alone.

interface Context {
  readonly report: (finding: { readonly node: object; readonly message: string }) => void;
}

/** @param selector as ESLint's: https://eslint.org/docs/latest/extend/selectors */
function forbid(selector: string, message: string): object {
  return {
    create: (context: Context) => ({
      [selector]: (node: object): void => {
        context.report({ node, message });
      },
    }),
  };
}

export default {
  meta: { name: 'latchkey' },
  rules: {
    'constructor-size': forbid(
      ":matches(MethodDefinition[kind='constructor'] > FunctionExpression[params.length>5], MethodDefinition[kind='constructor'] TSParameterProperty TSTypeLiteral[members.length>5])",
      'A constructor takes no more than five things: what takes more does two.',
    ),
    'no-waiting-click': forbid(
      "CallExpression[arguments.length=0] > MemberExpression[property.name='click']",
      'Use click() of test/support/browser-tab.ts, which does not wait for frames that never come.',
    ),
  },
};
