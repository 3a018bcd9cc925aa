import type { Cursor, Id } from 'latchkey';

/** A report. */
export interface Report {
  id: Id;
  /** @maxLength 200 */
  title: string;
  /**
   * The name of the user who wrote it.
   * @maxLength 255
   */
  owner: string;
  /** @format date-time */
  created_at: string;
}

/** What a new report needs. */
export interface NewReport {
  /**
   * @minLength 1
   * @maxLength 200
   */
  title: string;
}

/** Which page of reports. */
export interface ReportQuery {
  /**
   * @isInt
   * @minimum 1
   * @maximum 100
   */
  limit?: number;
  cursor?: Cursor;
}

/** A page of reports. */
export interface ReportPage {
  /** @maxItems 100 */
  items: Report[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}
