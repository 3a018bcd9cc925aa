import { expect } from 'chai';
import { isPermission } from '../../src/http/security-requirements.js';
import { administrativePermissions } from '../../src/roles/administration.js';
import { contractPermissions } from '../support/test-app.js';

describe('The permissions of administration', () => {
  it('are all that Latchkey’s own operations require', () => {
    // The repository's project has none of its own.
    const required = contractPermissions.filter((each) => isPermission(each));
    expect([...administrativePermissions].sort()).to.deep.equal(required);
  });
});
