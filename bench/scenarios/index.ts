import { addressTiming } from './address-timing.ts';
import { editLoopOfProject } from './edit-loop-project.ts';
import { audit } from './audit.ts';
import { editLoop } from './edit-loop.ts';
import { firstSight } from './first-sight.ts';
import { guardRevocations } from './guard-revocations.ts';
import { loginTiming } from './login-timing.ts';
import { importUsers } from './import-users.ts';
import { login } from './login.ts';
import { logouts } from './logouts.ts';
import { longWork } from './long-work.ts';
import { memoryAndStart } from './memory-and-start.ts';
import { metrics } from './metrics.ts';
import { protectedOperation } from './protected.ts';
import { refreshPostgres } from './refresh-postgres.ts';
import { refreshSqlite } from './refresh-sqlite.ts';
import { replicas } from './replicas.ts';
import { revocationsMemory } from './revocations-memory.ts';
import { revocationsMillion } from './revocations-million.ts';
import type { Scenario } from './scenario.ts';
import { secondFactors } from './second-factors.ts';
import { soak } from './soak.ts';
import { statements } from './statements.ts';

export const scenarios = {
  protected: protectedOperation,
  'first-sight': firstSight,
  'revocations-million': revocationsMillion,
  login,
  'login-timing': loginTiming,
  'second-factors': secondFactors,
  'address-timing': addressTiming,
  audit,
  metrics,
  'refresh-sqlite': refreshSqlite,
  'refresh-postgres': refreshPostgres,
  statements,
  replicas,
  logouts,
  'long-work': longWork,
  'import-users': importUsers,
  'revocations-memory': revocationsMemory,
  'guard-revocations': guardRevocations,
  'memory-and-start': memoryAndStart,
  'edit-loop': editLoop,
  'edit-loop-project': editLoopOfProject,
  soak,
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
