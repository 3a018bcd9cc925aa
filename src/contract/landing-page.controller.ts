import {
  Get,
  NoSecurity,
  Request,
  Res,
  Route,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { createEtag, isUnchanged } from '../http/cacheable.js';
import { prefersPage, getRootReference, setPageHeaders } from '../http/html-page.js';
import { getForwardedPrefix } from '../http/trusted-proxy.js';
import type { ServiceInfo } from './contract.models.js';
import { renderLandingPage, type Running } from './landing-page.js';
import type { Contract } from './read-contract.js';

@Route()
@Tags('Service')
@NoSecurity()
export class LandingPageController {
  readonly #running: Running;

  constructor({ contract }: { readonly contract: Contract }) {
    this.#running = contract.document['info'] as Running;
  }

  /**
   * What runs here, in which version, and where the documentation, the contract and the health checks are. Browsers,
   * which ask for `text/html`, get a page.
   * @summary Read what runs here
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get()
  @SuccessResponse(200, 'What runs here.') // tsoa-latchkey.json adds the page
  public getServiceInfo(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): ServiceInfo {
    const response = request.res?.vary('Accept');
    const info = this.#createInfo(getForwardedPrefix(request));
    const page = prefersPage(request)
      ? renderLandingPage(this.#running, getRootReference(request))
      : undefined;
    if (response && page !== undefined) setPageHeaders(response);
    if (isUnchanged(request, createEtag(page ?? JSON.stringify(info)), 'no-cache')) unchanged(304, undefined);
    else if (page !== undefined) response?.end(page);
    return info;
  }

  #createInfo(prefix: string): ServiceInfo {
    const { title, version } = this.#running;
    return {
      name: title,
      version,
      documentation: `${prefix}/docs/`,
      contract: `${prefix}/openapi.json`,
      problems: `${prefix}/problems`,
      liveness: `${prefix}/health/live`,
      readiness: `${prefix}/health/ready`,
    };
  }
}
