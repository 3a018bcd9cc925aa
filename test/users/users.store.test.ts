import { expect } from 'chai';
import { v7 } from 'uuid';
import { executeSequentially, untilStopped } from '../../src/database/batch.js';
import { isUniqueViolation } from '../../src/database/constraint-errors.js';
import type { Queries } from '../../src/database/database.js';
import { endUserSessions } from '../../src/sessions/end-user-sessions.js';
import { sessionsStore } from '../../src/sessions/sessions.store.js';
import { userListStore } from '../../src/users/user-list.store.js';
import type { UserList } from '../../src/users/user-list-query.js';
import type { AccountRights } from '../../src/roles/rights.js';
import { passwordHashesStore } from '../../src/users/password-hashes.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { administratorRole } from '../../src/roles/administrator-role.js';
import { addRole, addSession, addUser, minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';
import { sessionEndingsStore } from '../../src/sessions/session-endings.store.js';
import { sessionEpochsStore } from '../../src/users/session-epochs.store.js';

const later = recordTime + minute;
const everyone: UserList = { by: 'created_at', descending: false, filters: {} };

type Login = Parameters<typeof usersStore.recordLogin>[1];

async function recordLogin(queries: Queries, login: Login): Promise<AccountRights | undefined> {
  const rows = await untilStopped(executeSequentially(queries, usersStore.recordLogin(queries, login)));
  return rows?.[1][0];
}

describeStore('The users store', (on) => {
  it('returns whether there are any users', async () => {
    expect(await usersStore.isEmpty(on.queries)).to.be.true;
    await addUser(on.queries);
    expect(await usersStore.isEmpty(on.queries)).to.be.false;
  });

  describe('find', () => {
    it('finds a user by id, with roles and permissions, without secrets', async () => {
      const user = await addUser(on.queries, { version: 3 });
      const role = await addRole(on.queries, { permissions: 'a b' }, [user]);
      expect(await usersStore.find(on.queries, user.id)).to.deep.equal({
        id: user.id,
        username: user.username,
        password_one_time: 0,
        version: 3,
        roles_version: 0,
        session_epoch: 0,
        disabled_at: null,
        last_login_at: null,
        email: null,
        email_verified_at: null,
        display_name: null,
        language: null,
        second_factors: 0,
        created_at: recordTime,
        updated_at: recordTime,
        roles: role.name,
        permissions: 'a b',
      });
    });

    it('finds no roles and no permissions where a user has none', async () => {
      const { id } = await addUser(on.queries);
      expect(await usersStore.find(on.queries, id)).to.include({ roles: null, permissions: null });
    });

    it('finds no user with an unknown id', async () => {
      expect(await usersStore.find(on.queries, v7())).to.be.undefined;
      expect(await usersStore.findStored(on.queries, v7())).to.be.undefined;
    });

    for (const written of ['Ada Lovelace', 'ADA LOVELACE', 'ａｄａ\u3000lovelace']) {
      it(`finds "Ada Lovelace" as "${written}"`, async () => {
        await addUser(on.queries, { username: 'Ada Lovelace' });
        expect(await usersStore.findByName(on.queries, written)).to.include({ username: 'Ada Lovelace' });
      });
    }

    for (const name of ['nobody', 'ada', '%', 'ada\u0000lovelace', '\ud800']) {
      it(`finds no user as ${JSON.stringify(name)}`, async () => {
        expect(await usersStore.findByName(on.queries, name)).to.be.undefined;
      });
    }
  });

  describe('insert', () => {
    it('refuses a name that is taken, in any spelling', async () => {
      await addUser(on.queries, { username: 'grace' });
      const other = await addUser(on.queries, { username: 'GRACE' });
      expect(await usersStore.findStored(on.queries, other.id)).to.be.undefined;
    });

    it('lets one of many concurrent requests have a name', async () => {
      const row = await addUser(on.queries);
      await usersStore.delete(on.queries, row.id, later);
      const inserted = await Promise.all(
        Array.from({ length: 8 }, () => usersStore.insert(on.queries, { ...row, id: v7() })),
      );
      expect(inserted.filter((won) => won)).to.have.length(1);
    });
  });

  describe('update', () => {
    it('changes the given columns and leaves the others', async () => {
      const user = await addUser(on.queries);
      expect(await usersStore.update(on.queries, user.id, later, { username: 'Renamed' })).to.be.true;
      expect(await usersStore.findByName(on.queries, 'renamed')).to.deep.include({
        ...user,
        username: 'Renamed',
        updated_at: later,
      });
      expect(await usersStore.findByName(on.queries, user.username)).to.be.undefined;
    });

    it('changes no user with an unknown id', async () => {
      expect(await usersStore.update(on.queries, v7(), later, { disabled_at: later })).to.be.false;
    });

    it('throws a recognizable error if another user has the new name', async () => {
      await addUser(on.queries, { username: 'first come' });
      const { id } = await addUser(on.queries);
      const error = await usersStore
        .update(on.queries, id, later, { username: 'First Come' })
        .catch((reason: unknown) => reason);
      expect(isUniqueViolation(error)).to.be.true;
    });
  });

  describe('recordLogin', () => {
    const login = { checkedHash: 'a hash', checkedFactors: 0, newHash: 'a new hash', now: later };

    it('stores the time and the hash, and returns the rights', async () => {
      const user = await addUser(on.queries, {
        version: 7,
        password_one_time: 1,
        one_time_expires_at: later + 1,
      });
      const role = await addRole(on.queries, { permissions: 'a b' }, [user]);
      expect(await recordLogin(on.queries, { id: user.id, ...login })).to.deep.equal({
        version: 7,
        roles_version: 0,
        session_epoch: 0,
        username: user.username,
        password_one_time: 1,
        roles: role.name,
        permissions: 'a b',
      });
      expect(await usersStore.findStored(on.queries, user.id)).to.include({
        last_login_at: later,
        password_hash: 'a new hash',
        updated_at: recordTime,
      });
    });

    it('refuses a user whose password has changed since it was checked', async () => {
      const user = await addUser(on.queries, { password_hash: 'a younger hash' });
      expect(await recordLogin(on.queries, { id: user.id, ...login })).to.be.undefined;
      expect(await usersStore.findStored(on.queries, user.id)).to.deep.include(user);
    });

    it('accepts a one-time password once, until it expires', async () => {
      const oneTime = { password_one_time: 1, one_time_expires_at: later + 1 };
      const user = await addUser(on.queries, oneTime);
      const again = { ...login, newHash: login.checkedHash };
      const logins = await Promise.all(
        Array.from({ length: 5 }, () =>
          on.database.batch(usersStore.recordLogin(on.queries, { id: user.id, ...again })),
        ),
      );
      expect(logins.filter((each) => each !== undefined)).to.have.length(1);
      const late = await addUser(on.queries, { ...oneTime, one_time_expires_at: later });
      expect(await recordLogin(on.queries, { id: late.id, ...again })).to.be.undefined;
    });

    it('refuses a disabled user', async () => {
      const user = await addUser(on.queries, { disabled_at: recordTime });
      expect(await recordLogin(on.queries, { id: user.id, ...login })).to.be.undefined;
      expect(await usersStore.findStored(on.queries, user.id)).to.deep.include(user);
    });
  });

  describe('passwordHashesStore.replace', () => {
    const change = { checkedHash: 'a hash', newHash: 'a new hash', now: later };

    it('sets the new password, which is not a one-time password', async () => {
      const { id } = await addUser(on.queries, { password_one_time: 1 });
      expect(await passwordHashesStore.replace(on.queries, { id, ...change })).to.be.true;
      expect(await usersStore.findStored(on.queries, id)).to.include({
        password_hash: 'a new hash',
        password_one_time: 0,
        updated_at: later,
      });
    });

    it('refuses if the password has changed meanwhile, or the user is disabled', async () => {
      for (const details of [{ password_hash: 'a younger hash' }, { disabled_at: recordTime }]) {
        const user = await addUser(on.queries, details);
        expect(await passwordHashesStore.replace(on.queries, { id: user.id, ...change })).to.be.false;
        expect(await usersStore.findStored(on.queries, user.id)).to.deep.include(user);
      }
    });

    it('lets one of many concurrent changes win', async () => {
      const { id } = await addUser(on.queries);
      const hashes = Array.from({ length: 8 }, (_, index) => `hash ${index}`);
      const replaced = await Promise.all(
        hashes.map((newHash) => passwordHashesStore.replace(on.queries, { id, ...change, newHash })),
      );
      expect(replaced.filter((won) => won)).to.have.length(1);
      const { password_hash: hash } = (await usersStore.findStored(on.queries, id)) ?? {};
      expect(hash).to.equal(hashes[replaced.indexOf(true)]);
    });

    it('leaves no session of a login with the old password, whichever comes first', async () => {
      for (const changeFirst of [true, false]) {
        const user = await addUser(on.queries);
        const logIn = on.database.transaction(async (transaction) => {
          const rights = await recordLogin(transaction, {
            id: user.id,
            checkedHash: 'a hash',
            checkedFactors: 0,
            newHash: 'a hash',
            now: later,
          });
          if (rights) await addSession(transaction, user, { epoch: rights.session_epoch });
        });
        if (changeFirst) await logIn;
        await Promise.all([
          logIn,
          on.database.transaction(async (transaction) => {
            await passwordHashesStore.replace(transaction, { id: user.id, ...change });
            await endUserSessions(transaction, user.id);
          }),
        ]);
        const live = await on.queries
          .selectFrom('sessions')
          .innerJoin('users', 'users.id', 'sessions.user_id')
          .select('sessions.id')
          .where('user_id', '=', user.id)
          .whereRef('sessions.epoch', '=', 'users.session_epoch')
          .execute();
        expect(live).to.deep.equal([]);
      }
    });
  });

  describe('delete', () => {
    it('takes effect at once, and deletes the rest a few rows at a time', async () => {
      const user = await addUser(on.queries);
      const sessions = [];
      for (let made = 0; made < 3; made += 1) sessions.push(await addSession(on.queries, user));
      const role = await addRole(on.queries, {}, [user]);
      expect(await usersStore.delete(on.queries, user.id, later)).to.be.true;
      const holders = on.queries.selectFrom('user_roles').selectAll().where('role_name', '=', role.name);
      expect(await holders.execute()).to.deep.equal([]);
      expect(await usersStore.find(on.queries, user.id)).to.be.undefined;
      expect(await usersStore.findStored(on.queries, user.id)).to.be.undefined;
      expect(await usersStore.findByName(on.queries, user.username)).to.be.undefined;
      expect(await usersStore.update(on.queries, user.id, later, { disabled_at: null })).to.be.false;
      const all = await userListStore.list(on.queries, everyone, { after: undefined }, 1000);
      expect(all.map(({ id }) => id)).not.to.include(user.id);
      expect(await usersStore.insert(on.queries, { ...user, id: v7() }), 'the name is free').to.be.true;
      expect(
        (await sessionEpochsStore.listUnfinished(on.queries, { after: '', limit: 1000 })).map(({ id }) => id),
      ).to.include(user.id);
      await usersStore.removeDeleted(on.queries, user.id);
      expect(await sessionEndingsStore.deleteSome(on.queries, user.id, 2)).to.equal(2);
      expect(await sessionEndingsStore.deleteSome(on.queries, user.id, 2)).to.equal(1);
      await usersStore.removeDeleted(on.queries, user.id);
      expect(
        (await sessionEpochsStore.listUnfinished(on.queries, { after: '', limit: 1000 })).map(({ id }) => id),
      ).not.to.include(user.id);
      expect(await sessionsStore.find(on.queries, sessions[0]?.id ?? '')).to.be.undefined;
    });

    it('lets one of many concurrent deletions succeed', async () => {
      const { id } = await addUser(on.queries);
      const deleted = await Promise.all(
        Array.from({ length: 8 }, () => usersStore.delete(on.queries, id, later)),
      );
      expect(deleted.filter((won) => won)).to.have.length(1);
    });
  });

  describe('setRoles', () => {
    it('replaces the user’s roles', async () => {
      const user = await addUser(on.queries);
      await addRole(on.queries, {}, [user]);
      const role = await addRole(on.queries);
      await usersStore.setRoles(on.queries, user.id, [role.name]);
      expect(await usersStore.find(on.queries, user.id)).to.include({ roles: role.name });
      await usersStore.setRoles(on.queries, user.id, []);
      expect(await usersStore.find(on.queries, user.id)).to.include({ roles: null });
    });

    it('fails for a role that does not exist', async () => {
      const { id } = await addUser(on.queries);
      const error = await usersStore.setRoles(on.queries, id, ['no-role']).catch((reason: unknown) => reason);
      expect(error).to.be.an('error');
    });
  });

  describe('administrators', () => {
    it('are the enabled holders of the role', async () => {
      expect(await usersStore.hasAdministrator(on.queries)).to.be.false;
      const holders = [await addUser(on.queries), await addUser(on.queries, { disabled_at: recordTime })];
      await addRole(on.queries, { name: administratorRole, built_in: 1 }, holders);
      await addRole(on.queries, { name: 'administrator' }, [await addUser(on.queries)]);
      expect(await usersStore.hasAdministrator(on.queries)).to.be.true;
      await usersStore.update(on.queries, holders[0]?.id ?? '', later, { disabled_at: recordTime });
      expect(await usersStore.hasAdministrator(on.queries)).to.be.false;
    });
  });
});
