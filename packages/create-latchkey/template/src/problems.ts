import { defineProblems } from 'latchkey';

/** The errors of this API, beside Latchkey's. Each has a page at /problems/<code>, and is in the contract. */
export const problems = defineProblems({
  report_not_found: {
    status: 404,
    title: 'Report not found',
    detail: 'There is no report with this id.',
    meaning: 'The id in the path is not that of a report: there never was one, or it is deleted.',
    remedy: 'Take the id from `GET /reports`.',
  },
});
