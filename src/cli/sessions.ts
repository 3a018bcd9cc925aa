import type { Command } from 'commander';
import type { Config } from '../config/config.js';
import type { Services } from '../server/services.js';
import { endAllSessions, type EndResult } from '../sessions/end-all-sessions.js';
import type { IssuedBefore } from '../sessions/issued-before.js';
import { isSymmetric } from '../keys/algorithms.js';
import type { Session } from '../sessions/sessions.models.js';
import type { StoredSession } from '../sessions/sessions.store.js';
import { toSession } from '../sessions/session-page.js';
import { validateBody } from '../server/validate-body.js';
import { addAction, type Output } from './command-output.js';
import { UsageError } from './exit-codes.js';
import { findUser } from './find-user.js';
import { operator } from './operator.js';
import { readPages } from './pages.js';
import { createProgress } from './progress.js';
import type { WithInstallation } from './installation-command.js';

export function addSessionCommands(program: Command, withInstallation: WithInstallation): void {
  const sessions = program.command('sessions').description('who is logged in');
  addAction(
    sessions
      .command('list')
      .description('list where an account is logged in, newest first')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => listSessions(services, output, name)),
  );
  addAction(
    sessions
      .command('end')
      .description('end one session of an account, or all of them with --all: their tokens are refused')
      .argument('<name>', 'the username')
      .argument('[session]', 'its id, as latchkey sessions list prints it')
      .option('--all', 'every session of the account'),
    (output, name: string, session: string | undefined, { all = false }: { readonly all?: boolean }) => {
      if ((session === undefined) !== all) {
        throw new UsageError(
          `Name one session, as latchkey sessions list prints it, or give --all: latchkey sessions end ${name} --all`,
        );
      }
      return withInstallation((services) => endSessions(services, output, name, session));
    },
  );
  addAction(
    sessions
      .command('end-all')
      .description('end every session, and refuse every token that was issued until now, as after a restore'),
    (output) =>
      withInstallation((services, config) => endAll(services, output, config), { mayBeBackup: true }),
  );
}

async function listSessions(services: Services, output: Output, name: string): Promise<void> {
  const { id, username } = await findUser(services, name);
  const rows = readPages((limit, after) => services.userSessions.list(id, limit, after));
  await output.printList(rows, {
    toJson: toListed,
    columns: {
      id: (session) => session.id,
      began: (session) => toListed(session).created_at,
      'last used': (session) => toListed(session).last_used_at,
      address: ({ address }) => address,
      agent: ({ user_agent: agent }) => agent,
    },
    empty: `"${username}" is not logged in.`,
  });
}

/** Without whether it is the caller's, which a command's is never. */
function toListed(row: StoredSession): Omit<Session, 'current'> {
  return Object.fromEntries(
    Object.entries(toSession(row, undefined)).filter(([field]) => field !== 'current'),
  ) as Omit<Session, 'current'>;
}

/** @param sessionId undefined: each of them. */
async function endSessions(
  services: Services,
  output: Output,
  name: string,
  sessionId: string | undefined,
): Promise<void> {
  const { id, username } = await findUser(services, name);
  if (sessionId === undefined) await services.userSessions.endAll(id, operator);
  else await services.userSessions.end(id, validateBody('Id', sessionId, 'id'), operator);
  output.print(
    { user_id: id, ended: sessionId ?? 'all' },
    `${sessionId === undefined ? `All sessions of "${username}" have ended` : 'The session has ended'}: its tokens are refused, within a second where the service runs.`,
  );
}

export async function endAll(services: Services, output: Output, config: Config): Promise<void> {
  const { document, text } = describeEnd(await endWithProgress(services), config);
  output.print(document, text);
}

/** Ends every session, with a bar on a terminal. */
export async function endWithProgress(services: Services, issuedBefore?: IssuedBefore): Promise<EndResult> {
  const progress = createProgress({ unit: 'rows' });
  try {
    return await endAllSessions(services, operator, { onProgress: progress.update, issuedBefore });
  } finally {
    progress.end();
  }
}

/** What the end of all sessions has done, and what it could not. */
export function describeEnd(
  { sessions, subjects }: EndResult,
  config: Config,
): { readonly document: object; readonly text: string } {
  const kept = findKeptKey(config);
  const text = `All keys are replaced, ${sessions} sessions have ended, and the tokens of ${subjects} users and clients are refused. Everybody logs in again.`;
  if (kept === undefined) return { document: { sessions, subjects }, text };
  return {
    document: { sessions, subjects, kept_key: kept },
    text: `${text}\nAccess tokens are signed with ${kept}, which only you can replace. Those of clients that were made after the backup are accepted for as long as they live, if neither this database nor the one that was replaced by a restore has the client: set another ${kept}, here and for the service, where there were such clients.`,
  };
}

/** The setting with the key that signs access tokens, where it is not on the key ring. */
function findKeptKey({ algorithm, privateKey }: Config): string | undefined {
  if (isSymmetric(algorithm)) return 'JWT_SECRET_KEY';
  return privateKey === undefined ? undefined : 'JWT_PRIVATE_KEY';
}
