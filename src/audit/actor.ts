import { userInfo } from 'node:os';
import type { RequestContext } from '../http/request-context.js';
import { notFreeform } from '../text/freeform-text.js';

/** The operator's commands, and the service itself: no request. */
export const operatorContext: RequestContext = { requestId: null, address: null, userAgent: null };

const maxNameLength = 255;

/** `operator`: a command on the machine; `service`: the service by itself, as when it rotates keys. */
export type ActorKind = 'user' | 'client' | 'operator' | 'service';

/** Who changes something, and from where. */
export interface Actor {
  readonly kind: ActorKind;
  /** Of a user or a client. */
  readonly id?: string | undefined;
  /** Of a user or a client that has no name here, the audit looks it up; of an operator, the system user's. */
  readonly name?: string | undefined;
  /** The session that the user acts in. */
  readonly sessionId?: string | undefined;
  readonly context: RequestContext;
}

/** What the service does by itself. */
export const serviceActor: Actor = { kind: 'service', context: operatorContext };

/** What a command does, in the name of the system user who runs it. */
export function createOperatorActor(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Actor {
  const { SUDO_USER: before } = environment;
  const user = readSystemUser();
  return {
    kind: 'operator',
    name: toName(before === undefined || before === '' || before === user ? user : `${before} as ${user}`),
    context: operatorContext,
  };
}

/** A variable may have anything in it. */
function toName(text: string): string {
  return text.replaceAll(new RegExp(notFreeform, 'gu'), ' ').slice(0, maxNameLength);
}

function readSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run under ids without a name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
