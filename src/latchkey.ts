// `latchkey`: what a project is built with. A version promises builders these names: docs/versioning.md.
import './server/express-request.js';

export { start } from './server/main.js';
export {
  defineProject,
  type HookContext,
  type Project,
  type ProjectContext,
  type ProjectDefinition,
} from './server/project.js';
export type {
  Account,
  AccountChange,
  Accounts,
  NewAccount,
  PublicServices as Services,
} from './server/public-services.js';
export type { AccessGrant, AccessTokenClaims } from './tokens/access-token-claims.js';
export type { Hooks, LoadUser, Registration, RegistrationDecision } from './tokens/hooks.js';

export { serviceActor, type Actor } from './audit/actor.js';
export {
  requireUser,
  toActor,
  type AuthenticatedRequest,
  type Caller,
  type UserCaller,
} from './tokens/caller.js';
export type { Id, Permission, RoleName } from './http/api-types.js';
export { FileLimits } from './http/file-limits.js';
export {
  defaultLimit,
  readPage,
  toPageResponse,
  type Cursor,
  type Page,
  type PageQuery,
  type PageResponse,
} from './http/pagination.js';
export type { FieldErrors, ProblemDetails } from './problems/problem.models.js';
export { Problem, retryLater, type ProblemOptions } from './problems/problem.js';
export type { ProblemKind } from './problems/problem-codes.js';
export { defineProblems, type ProjectProblems } from './problems/project-problems.js';

// Kysely, with which queries and migrations are written: of the one copy of it that the database is opened with.
export {
  sql,
  type ColumnType,
  type Generated,
  type Insertable,
  type Kysely,
  type Selectable,
  type Transaction,
  type Updateable,
} from 'kysely';
export type { PublicDatabase as Database, PublicTables } from './database/public-database.js';
export { isForeignKeyViolation, isUniqueViolation } from './database/constraint-errors.js';
export type { MigrationContext, ProjectMigration, ProjectMigrations } from './database/migrations/context.js';
export { systemClock, type Clock } from './clock.js';
export { createId } from './ids.js';

// tsoa's decorators: of the one copy of its runtime that the service reads them with.
export {
  Body,
  BodyProp,
  Consumes,
  Delete,
  Deprecated,
  Example,
  Extension,
  FormField,
  Get,
  Header,
  Middlewares,
  NoSecurity,
  OperationId,
  Patch,
  Path,
  Post,
  Produces,
  Put,
  Queries,
  Query,
  Request,
  Res,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
  UploadedFile,
  UploadedFiles,
  type File,
  type TsoaResponse,
} from '@tsoa/runtime';
