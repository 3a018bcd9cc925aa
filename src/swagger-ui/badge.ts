import { readAccessToken } from './access-token.js';
import type { Session } from './session.js';

/** Number of permissions that are shown before the list is opened. */
const namedPermissions = 2;

/** The part of the page that shows who is logged in, with which permissions, and until when. */
export class Badge {
  readonly #root = getElement('session');
  readonly #status = getElement('session-status');
  readonly #permissions = getElement('session-permissions');
  readonly #summary = getElement('session-permissions-summary');
  readonly #list = getElement('session-permissions-list');
  readonly #end = getElement('session-end');
  readonly #time = getElement('session-time') as HTMLTimeElement;
  readonly #left = getElement('session-left');
  readonly #login = getElement('session-login');

  /** @param onLogin called when the user wants to log in. */
  constructor(onLogin: () => void) {
    this.#login.addEventListener('click', onLogin);
  }

  /**
   * @param username undefined while it is not known.
   * @param now milliseconds since the Unix epoch, by the page's clock.
   */
  show(session: Session, username: string | undefined, now: number): void {
    const { token, expiresAt, isExpired, refreshToken } = session;
    const isOut = token === undefined || isExpired;
    this.#root.dataset['state'] = isOut ? 'out' : 'in';
    this.#login.hidden = !isOut;
    write(this.#status, describeStatus(session, username));
    const permissions = (token === undefined ? undefined : readAccessToken(token)?.permissions) ?? [];
    this.#permissions.hidden = permissions.length === 0;
    write(this.#summary, summarizePermissions(permissions));
    write(this.#list, permissions.join('\n'));
    this.#end.hidden = expiresAt === undefined || isExpired;
    if (expiresAt === undefined) return;
    const end = new Date(expiresAt);
    this.#time.dateTime = end.toISOString();
    write(this.#time, end.toLocaleTimeString());
    write(
      this.#left,
      `${formatDuration(expiresAt - now)} left${refreshToken === undefined ? '' : ', then renewed'}`,
    );
  }
}

function describeStatus({ token, notice, isExpired }: Session, username: string | undefined): string {
  if (token === undefined) return notice ?? 'Not logged in:';
  if (isExpired) return 'The access token has expired. Log in again.';
  const facts = readAccessToken(token);
  if (!facts) return 'Authorized with a token that this page cannot read.';
  if (facts.sessionId === undefined) return `Authorized as the client ${facts.subject}`;
  const who = `Logged in as ${username ?? facts.subject}`;
  return facts.passwordChangeRequired
    ? `${who}, without permissions until PUT /me/password replaces the one-time password`
    : who;
}

function summarizePermissions(permissions: readonly string[]): string {
  const named = permissions.slice(0, namedPermissions).join(', ');
  const more = permissions.length - namedPermissions;
  return `May ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `14:59`, or with hours `1:00:00`. */
function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0] = parts;
  return parts
    .slice(hours > 0 ? 0 : 1)
    .map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0')))
    .join(':');
}

/** Writes only a changed text: a screen reader would read it again. */
function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function getElement(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return found;
}
