import { expect } from 'chai';
import { v7 } from 'uuid';
import { endUserSessions } from '../../src/sessions/end-user-sessions.js';
import { sessionsStore, type StoredSession } from '../../src/sessions/sessions.store.js';
import { usersStore, type StoredUser } from '../../src/users/users.store.js';
import { addRefreshKey, addRole, addSession, addUser, minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';
import { sessionEndingsStore } from '../../src/sessions/session-endings.store.js';

const grace = 10_000;
const later = recordTime + minute;
const day = 24 * 60 * minute;

describeStore('The sessions store', (on) => {
  const newSession = async (details: Partial<StoredSession> = {}): Promise<StoredSession> =>
    addSession(on.queries, await addUser(on.queries), details);

  /** A refresh with a token of this generation. */
  const rotate = (
    { id }: StoredSession,
    generation: number,
    now = later,
    newKeyId = 'a new key',
    lifetime = day,
  ) =>
    sessionsStore.rotate(on.queries, {
      id,
      generation,
      now: { value: now, from: (value) => value },
      grace,
      newKeyId,
      refreshLifetime: 60 * minute,
      accessExpiresAt: now + 15 * minute,
      lifetime,
    });

  before(async () => {
    const some = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    for (const id of ['a new key', 'the key of the successor', ...some]) await addRefreshKey(on.queries, id);
  });

  it('inspects a live session, of its current generation where that is asked for', async () => {
    const session = await newSession();
    await rotate(session, 0);
    const inspect = async (generation?: number, now = later) =>
      (
        await sessionsStore.inspect(on.queries, {
          id: session.id,
          now,
          lifetime: day,
          ...(generation !== undefined && { generation }),
        })
      )?.id;
    expect([await inspect(1), await inspect(0), await inspect()]).to.deep.equal([
      session.id,
      undefined,
      session.id,
    ]);
    expect(await inspect(undefined, later + day)).to.be.undefined;
  });

  describe('rotate', () => {
    it('moves a session to its next generation, and returns its rights', async () => {
      const user = await addUser(on.queries, { version: 2 });
      const role = await addRole(on.queries, { permissions: 'a b' }, [user]);
      const session = await addSession(on.queries, user);
      expect(await rotate(session, 0)).to.deep.equal({
        id: session.id,
        user_id: user.id,
        created_at: recordTime,
        generation: 1,
        refresh_key_id: 'a new key',
        expires_at: later + 60 * minute,
        amr: 'pwd',
        second_factor_at: null,
        device_id: null,
        authenticated_at: recordTime,
        version: 2,
        roles_version: 0,
        session_epoch: 0,
        username: user.username,
        password_one_time: 0,
        roles: role.name,
        permissions: 'a b',
      });
      expect(await sessionsStore.find(on.queries, session.id)).to.deep.equal({
        ...session,
        generation: 1,
        refresh_key_id: 'a new key',
        rotated_at: later,
        last_used_at: later,
        expires_at: later + 60 * minute,
        access_expires_at: later + 15 * minute,
      });
    });

    it('keeps the latest expiry of the access tokens', async () => {
      const session = await newSession({ access_expires_at: later + 24 * 60 * minute });
      await rotate(session, 0);
      expect(await sessionsStore.find(on.queries, session.id)).to.include({
        access_expires_at: session.access_expires_at,
      });
    });

    it('returns the same successor to many concurrent refreshes', async () => {
      const session = await newSession();
      const responses = await Promise.all(
        Array.from({ length: 50 }, (_, index) => rotate(session, 0, later, `key ${index}`)),
      );
      const successors = new Set(responses.map((row) => `${row?.generation} ${row?.refresh_key_id}`));
      expect([...successors]).to.have.length(1);
      expect(responses[0]).to.include({ generation: 1 });
      expect(await sessionsStore.find(on.queries, session.id)).to.include({ generation: 1 });
    });

    it('returns the same successor for the previous token until the last millisecond of the grace', async () => {
      const session = await newSession();
      const successor = await rotate(session, 0, later, 'the key of the successor');
      expect(await rotate(session, 0, later + grace - 1)).to.deep.equal(successor);
      expect(await rotate(session, 0, later + grace)).to.be.undefined;
      expect(await sessionsStore.find(on.queries, session.id)).to.include({
        generation: 1,
        rotated_at: later,
        refresh_key_id: 'the key of the successor',
        expires_at: later + 60 * minute,
      });
    });

    it('gives a grace to the previous token alone', async () => {
      const session = await newSession();
      await rotate(session, 0);
      await rotate(session, 1);
      expect(await rotate(session, 0)).to.be.undefined;
      expect(await rotate(session, 1)).to.include({ generation: 2 });
    });

    it('refuses a future generation', async () => {
      const session = await newSession();
      expect(await rotate(session, 1)).to.be.undefined;
      expect(await sessionsStore.find(on.queries, session.id)).to.deep.equal(session);
    });

    it('refuses a session from the millisecond on in which it expires', async () => {
      const session = await newSession({ expires_at: later });
      expect(await rotate(session, 0, later)).to.be.undefined;
      expect(await rotate(session, 0, later - 1)).to.include({ generation: 1 });
    });

    it('extends no session beyond its lifetime, which counts from its creation', async () => {
      const session = await newSession();
      const rotated = await rotate(session, 0, later, 'a new key', 61 * minute);
      expect(rotated).to.include({ expires_at: recordTime + 61 * minute });
      expect(await rotate(session, 0, later, 'a new key', 30 * minute)).to.include({
        expires_at: recordTime + 30 * minute, // within the grace, after a shorter lifetime was set
      });
      expect(await rotate(session, 1, later, 'a new key', day)).to.include({
        expires_at: later + 60 * minute,
      });
    });

    it('refuses a session from the millisecond on in which its lifetime ends', async () => {
      const session = await newSession();
      expect(await rotate(session, 0, later, 'a new key', minute)).to.be.undefined;
      expect(await rotate(session, 0, later, 'a new key', minute + 1)).to.include({ generation: 1 });
    });

    it('refuses a revoked session, also during a grace', async () => {
      const session = await newSession();
      await rotate(session, 0);
      await sessionsStore.revoke(on.queries, session.id, later);
      expect(await rotate(session, 0)).to.be.undefined;
      expect(await rotate(session, 1)).to.be.undefined;
    });

    it("refuses a disabled user's session", async () => {
      const user = await addUser(on.queries);
      const session = await addSession(on.queries, user);
      await usersStore.update(on.queries, user.id, later, { disabled_at: later });
      expect(await rotate(session, 0)).to.be.undefined;
    });

    it('refuses a session that does not exist', async () => {
      const session = await newSession();
      await usersStore.delete(on.queries, session.user_id, later);
      expect(await rotate(session, 0)).to.be.undefined;
    });

    it('waits for a concurrent revocation, and is refused', async () => {
      const session = await newSession();
      const rotated = await on.database.transaction(async (transaction) => {
        await sessionsStore.revoke(transaction, session.id, later);
        const rotation = rotate(session, 0);
        await transaction.selectFrom('users').select('id').limit(1).execute(); // time for it to arrive
        return { rotation };
      });
      expect(await rotated.rotation).to.be.undefined;
    });

    it('refuses every refresh after a concurrent revocation has won', async () => {
      const session = await newSession();
      await Promise.all([
        ...Array.from({ length: 5 }, () => rotate(session, 0)),
        sessionsStore.revoke(on.queries, session.id, later),
        ...Array.from({ length: 5 }, () => rotate(session, 0)),
      ]);
      expect(await sessionsStore.find(on.queries, session.id)).to.include({ revoked_at: later });
      expect(await rotate(session, 0)).to.be.undefined;
      expect(await rotate(session, 1)).to.be.undefined;
    });
  });

  describe('revoke', () => {
    it('ends a session, and returns when its access tokens expire', async () => {
      const session = await newSession();
      expect(await sessionsStore.revoke(on.queries, session.id, later)).to.deep.equal({
        id: session.id,
        user_id: session.user_id,
        access_expires_at: session.access_expires_at,
      });
      expect(await sessionsStore.find(on.queries, session.id)).to.deep.equal({
        ...session,
        revoked_at: later,
      });
    });

    it('lets one of many concurrent revocations win, and no later one', async () => {
      const { id } = await newSession();
      const revoked = await Promise.all(
        Array.from({ length: 10 }, () => sessionsStore.revoke(on.queries, id, later)),
      );
      expect(revoked.filter((winner) => winner !== undefined)).to.have.length(1);
      expect(await sessionsStore.revoke(on.queries, id, later)).to.be.undefined;
    });

    it('finds no session with an unknown id', async () => {
      expect(await sessionsStore.revoke(on.queries, v7(), later)).to.be.undefined;
    });

    it('ends only a session of the given user', async () => {
      const session = await newSession();
      const stranger = await addUser(on.queries);
      const revoke = (userId: string) => sessionsStore.revokeOneOf(on.queries, userId, session.id, later);
      expect(await revoke(stranger.id)).to.be.undefined;
      const [winner, ...others] = (
        await Promise.all(Array.from({ length: 10 }, () => revoke(session.user_id)))
      ).filter((ended) => ended !== undefined);
      expect(winner).to.include({ id: session.id, access_expires_at: session.access_expires_at });
      expect(others).to.deep.equal([]);
    });

    it('does not keep a session that was ended before', async () => {
      const user = await addUser(on.queries);
      const ended = await addSession(on.queries, user);
      await endUserSessions(on.queries, user.id);
      await endUserSessions(on.queries, user.id, ended.id);
      const live = { userId: user.id, now: later, lifetime: day, limit: 10, after: undefined };
      expect(await sessionsStore.listLive(on.queries, live)).to.deep.equal([]);
      expect(await rotate(ended, 0)).to.be.undefined;
    });

    it('ends all sessions of a user except one, and no other user’s, and marks a few rows at a time', async () => {
      const user = await addUser(on.queries);
      const ended = await addSession(on.queries, user, { revoked_at: recordTime });
      const kept = await addSession(on.queries, user);
      const gone = [await addSession(on.queries, user), await addSession(on.queries, user)];
      const other = await newSession();
      const epoch = await endUserSessions(on.queries, user.id, kept.id);
      const live = { userId: user.id, now: later, lifetime: day, limit: 10, after: undefined };
      expect((await sessionsStore.listLive(on.queries, live)).map(({ id }) => id)).to.deep.equal([kept.id]);
      expect(await sessionsStore.revoke(on.queries, gone[0]?.id ?? '', later)).to.be.undefined;
      expect(await rotate(gone[0] ?? kept, 0)).to.be.undefined;
      const mark = () =>
        sessionEndingsStore.revokeBefore(on.queries, {
          userId: user.id,
          epoch: Number(epoch),
          now: later,
          limit: 1,
        });
      const marked = [...(await mark()), ...(await mark()), ...(await mark())];
      expect(marked).to.deep.equal(
        gone.map(({ id, access_expires_at }) => ({ id, user_id: user.id, access_expires_at })),
      );
      const revokedAt = async ({ id }: StoredSession): Promise<number | null | undefined> =>
        (await sessionsStore.find(on.queries, id))?.revoked_at;
      expect(await Promise.all([ended, kept, ...gone, other].map(revokedAt))).to.deep.equal([
        recordTime,
        null,
        later,
        later,
        null,
      ]);
      expect(await rotate(other, 0)).to.include({ generation: 1 });
      expect(await rotate(kept, 0)).to.include({ generation: 1 });
      await endUserSessions(on.queries, user.id);
      expect(await rotate(kept, 1)).to.be.undefined;
    });

    it('leaves no session to refresh whose key was revoked', async () => {
      const session = await newSession();
      const other = await newSession({ refresh_key_id: 'a key that is gone' });
      expect(await rotate(other, 0)).to.be.undefined;
      expect(await sessionsStore.revoke(on.queries, other.id, later)).to.be.undefined;
      expect(await rotate(session, 0)).to.include({ generation: 1 });
    });
  });

  describe('the live sessions of a user', () => {
    let user: StoredUser;
    let sessions: StoredSession[];
    const live = { now: later, lifetime: day };

    beforeEach(async () => {
      user = await addUser(on.queries);
      sessions = [];
      // The older a session is, the later it was used.
      for (let age = 3; age > 0; age -= 1) {
        const times = { created_at: recordTime - age, last_used_at: recordTime + age };
        sessions.unshift(await addSession(on.queries, user, times));
      }
      await addSession(on.queries, user, { revoked_at: recordTime });
      await addSession(on.queries, user, { expires_at: later });
      await addSession(on.queries, user, { created_at: later - day });
      await newSession();
    });

    const list = async (limit: number, after?: string): Promise<string[]> =>
      (await sessionsStore.listLive(on.queries, { ...live, userId: user.id, limit, after })).map(
        ({ id }) => id,
      );
    const end = async (keep: number): Promise<string[]> => {
      const exceptId = sessions[0]?.id ?? '';
      const ended = await sessionsStore.revokeOldest(on.queries, {
        ...live,
        userId: user.id,
        keep,
        exceptId,
        limit: 10,
      });
      return ended.map(({ id }) => id);
    };

    it('are listed newest first, a page at a time', async () => {
      const ids = sessions.map(({ id }) => id);
      expect(await list(10)).to.deep.equal(ids);
      expect(await list(2)).to.deep.equal(ids.slice(0, 2));
      expect(await list(2, ids[1])).to.deep.equal(ids.slice(2));
    });

    it('are ended from the oldest on, except the newest ones and the one to keep', async () => {
      const [, second, oldest] = sessions;
      expect(await end(2)).to.deep.equal([]);
      expect(await end(1)).to.deep.equal([oldest?.id]);
      expect(await end(0)).to.deep.equal([second?.id]);
      expect(await list(10)).to.deep.equal([sessions[0]?.id]);
    });
  });

  describe('noteUses', () => {
    const lastUses = (...noted: readonly StoredSession[]) =>
      Promise.all(noted.map(async ({ id }) => (await sessionsStore.find(on.queries, id))?.last_used_at));

    it('writes later times for many sessions at once', async () => {
      const user = await addUser(on.queries);
      const [first, second, third] = [
        await addSession(on.queries, user),
        await addSession(on.queries, user, { last_used_at: later }),
        await addSession(on.queries, user),
      ];
      await sessionsStore.recordUses(on.queries, [
        { id: first.id, at: later },
        { id: second.id, at: later - 1 },
        { id: v7(), at: later },
      ]);
      expect(await lastUses(first, second, third)).to.deep.equal([later, later, recordTime]);
    });

    it('keeps the latest of many concurrent uses', async () => {
      const session = await newSession();
      const times = [3, 1, 4, 1, 5, 9, 2, 6];
      await Promise.all(
        times.map((time) => sessionsStore.recordUses(on.queries, [{ id: session.id, at: later + time }])),
      );
      expect(await lastUses(session)).to.deep.equal([later + 9]);
    });
  });

  describe('after the password was verified again', () => {
    const reauthenticate = ({ id }: StoredSession, lifetime = day) =>
      sessionsStore.reauthenticate(on.queries, {
        id,
        now: later,
        newKeyId: 'key of the proof',
        refreshLifetime: 60 * minute,
        accessExpiresAt: later + 15 * minute,
        lifetime,
        proof: { authenticated_at: later },
      });

    it('starts a generation, and stores the time', async () => {
      const session = await newSession({ generation: 3 });
      const next = {
        id: session.id,
        user_id: session.user_id,
        generation: 4,
        refresh_key_id: 'key of the proof',
        expires_at: later + 60 * minute,
        authenticated_at: later,
      };
      expect(await reauthenticate(session)).to.include(next);
      expect(await sessionsStore.find(on.queries, session.id)).to.deep.equal({
        ...session,
        ...next,
        proved_generation: 4,
        rotated_at: later,
        last_used_at: later,
        access_expires_at: later + 15 * minute,
      });
    });

    it('extends no session beyond its lifetime', async () => {
      const session = await newSession();
      expect(await reauthenticate(session, 30 * minute)).to.include({
        expires_at: recordTime + 30 * minute,
      });
    });

    it('refuses a session that is revoked or expired', async () => {
      expect(await reauthenticate(await newSession(), minute)).to.be.undefined;
      expect(await reauthenticate(await newSession({ revoked_at: recordTime }))).to.be.undefined;
      expect(await reauthenticate(await newSession({ expires_at: later }))).to.be.undefined;
    });
  });

  it('deletes a session when its refresh token and its access tokens have expired, and not before', async () => {
    const gone = await newSession({ expires_at: later, access_expires_at: later - 1 });
    const refreshable = await newSession({ expires_at: later + 1, access_expires_at: later });
    const usable = await newSession({ expires_at: later, access_expires_at: later + 1 });
    expect(await sessionEndingsStore.deleteExpired(on.queries, later, 10)).to.equal(1);
    const left = await Promise.all(
      [gone, refreshable, usable].map(({ id }) => sessionsStore.find(on.queries, id)),
    );
    expect(left).to.deep.equal([undefined, refreshable, usable]);
  });
});
