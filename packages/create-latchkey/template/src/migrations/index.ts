import type { ProjectMigrations } from 'latchkey';
import * as reports from './0001-reports.js';

/** In the order of their names. One that has run somewhere is never edited: the next change is the next migration. */
export const migrations: ProjectMigrations = {
  '0001-reports': reports,
};
