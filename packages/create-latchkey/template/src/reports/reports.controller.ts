import {
  Body,
  defaultLimit,
  Delete,
  Get,
  Path,
  Post,
  Queries,
  Request,
  requireUser,
  Response,
  Route,
  Security,
  SuccessResponse,
  toPageResponse,
  type AuthenticatedRequest,
  type Id,
  type ProblemDetails,
} from 'latchkey';
import type { NewReport, Report, ReportPage, ReportQuery } from './reports.models.js';
import type { OwnedReport, ReportsService } from './reports.service.js';

/** The reports. */
@Route('reports')
export class ReportsController {
  constructor(private readonly services: { readonly reports: ReportsService }) {}

  /** A page of reports, oldest first. */
  @Get()
  @Security('bearer', ['reports:read'])
  public async listReports(@Queries() query: ReportQuery): Promise<ReportPage> {
    const { limit = defaultLimit, cursor } = query;
    return toPageResponse(await this.services.reports.list(limit, cursor), toReport);
  }

  /** Creates a report, which belongs to the caller. */
  @Post()
  @Security('bearer', ['reports:write'])
  @SuccessResponse(201, 'Created.')
  public async createReport(
    @Body() body: NewReport,
    @Request() request: AuthenticatedRequest,
  ): Promise<Report> {
    return toReport(await this.services.reports.create(requireUser(request).userId, body.title));
  }

  /**
   * Reads one report.
   * @param id The report's id.
   */
  @Get('{id}')
  @Security('bearer', ['reports:read'])
  @Response<ProblemDetails>(404, 'There is none: `report_not_found`.')
  public async getReport(@Path() id: Id): Promise<Report> {
    return toReport(await this.services.reports.get(id));
  }

  /**
   * Deletes a report.
   * @param id The report's id.
   */
  @Delete('{id}')
  @Security('bearer', ['reports:write'])
  @Response<ProblemDetails>(404, 'There is none: `report_not_found`.')
  public async deleteReport(@Path() id: Id): Promise<void> {
    await this.services.reports.delete(id);
  }
}

/** What clients see. */
function toReport({ id, title, owner, created_at: createdAt }: OwnedReport): Report {
  return { id, title, owner, created_at: new Date(createdAt).toISOString() };
}
