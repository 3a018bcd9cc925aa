import { expect } from 'chai';
import { describeAccess } from '../../src/swagger-ui/access.js';

describe('describeAccess', () => {
  for (const [what, operation, kind, text] of [
    ['anyone where nothing is demanded', { security: [] }, 'public', 'Public: anyone may call this'],
    ['who has a token', { security: [{ bearer: [] }] }, 'required', 'Needs an access token'],
    [
      'who has a token with the permissions',
      { security: [{ bearer: [] }], 'x-required-permissions': ['users:read', 'users:write'] },
      'required',
      'Needs an access token that permits users:read and users:write',
    ],
    [
      'anyone, with a token or without',
      { security: [{}, { bearer: [] }] },
      'optional',
      'Optional: an access token',
    ],
    [
      'a client that says who it is here or elsewhere',
      { security: [{ clientBasic: [] }, {}] },
      'optional',
      "Optional: a client's id and secret",
    ],
  ] as const) {
    it(`returns ${what}`, () => {
      expect(describeAccess(operation)).to.deep.equal({ kind, text });
    });
  }
});
