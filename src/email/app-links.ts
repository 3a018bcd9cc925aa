/** The pages of an app that links in messages lead to. */
export const appPages = [
  'verify-email',
  'reset-password',
  'forgot-password',
  'login',
  'invitation',
  'not-me',
  'undo-email',
] as const;

export type AppPage = (typeof appPages)[number];

/**
 * @param appUrl without a slash at its end.
 * @param token what the page needs of the message, if anything.
 */
export function createAppLink(appUrl: string, page: AppPage, token?: string): string {
  return `${appUrl}/${page}${token === undefined ? '' : `?token=${token}`}`;
}
