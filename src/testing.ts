// `latchkey/testing`: what the tests of a project use. A version promises builders these names: docs/versioning.md.
export { closeAll, mochaHooks } from './testing/closing.js';
export { listDatabaseKinds, type DatabaseKind } from './testing/database-server.js';
export { TestClock } from './testing/test-clock.js';
export { describeOnDatabases, openTestDatabase, type TestDatabase } from './testing/test-database.js';
export { startTestService, type TestService, type TestServiceOptions } from './testing/test-service.js';
export type { AccessTokenOptions, NewTestUser, TestUser } from './testing/test-user.js';
