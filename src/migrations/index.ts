import type { ProjectMigrations } from '../latchkey.js';

/** In order, forward only: one that has run somewhere is never edited, the next change is a new one. */
export const migrations: ProjectMigrations = {};
