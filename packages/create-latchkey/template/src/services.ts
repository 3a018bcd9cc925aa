import type { ProjectContext } from 'latchkey';
import { ReportsService } from './reports/reports.service.js';
import { ReportsStore } from './reports/reports.store.js';

/** Makes the services: controllers get them by these names. */
export function createServices({ database, clock }: ProjectContext) {
  return {
    reports: new ReportsService(new ReportsStore(database), clock),
  };
}
