import {
  Get,
  NoSecurity,
  Produces,
  Request,
  Res,
  Route,
  SuccessResponse,
  Tags,
  type TsoaResponse,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import type { Config } from '../config/config.js';
import { createEtag, isUnchanged } from '../http/cacheable.js';
import { getForwardedPrefix } from '../http/trusted-proxy.js';
import type { OpenApiDocument, OpenApiYaml } from './contract.models.js';
import type { Contract } from './read-contract.js';
import {
  adaptContract,
  addIssuer,
  addIssuerToYaml,
  adaptYaml,
  createSecurityScheme,
  replaceAddress,
  replaceAddressInYaml,
  type ServedVariant,
} from './served-contract.js';

@Route()
@Tags('Service')
@NoSecurity()
export class ContractController {
  readonly #contract;
  readonly #contract31;
  readonly #yaml;
  readonly #etags;
  readonly #tokenScheme;

  constructor({
    config,
    contract,
    issuer,
  }: {
    readonly config: Config;
    readonly contract: Contract;
    readonly issuer: string;
  }) {
    const json = replaceAddress(contract.text, issuer);
    const json31 = replaceAddress(contract.readText31(), issuer);
    this.#contract = addIssuer(issuer, JSON.parse(json) as OpenApiDocument);
    this.#contract31 = addIssuer(issuer, JSON.parse(json31) as OpenApiDocument);
    this.#yaml = addIssuerToYaml(issuer, replaceAddressInYaml(contract.readYaml(), issuer));
    this.#etags = { json: createEtag(json), json31: createEtag(json31), yaml: createEtag(this.#yaml) };
    this.#tokenScheme = createSecurityScheme(config);
  }

  /**
   * The OpenAPI document of this service.
   * @summary Read the contract
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('openapi.json')
  @SuccessResponse(200, 'The OpenAPI document.')
  public getOpenApi(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): OpenApiDocument {
    const serving = this.#findVariant(request);
    if (isUnchanged(request, createServedEtag(serving, this.#etags.json), 'no-cache'))
      unchanged(304, undefined);
    return adaptContract(serving, this.#contract);
  }

  /**
   * The same document, as YAML.
   * @summary Read the contract as YAML
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('openapi.yaml')
  @Produces('application/yaml')
  @SuccessResponse(200, 'The OpenAPI document.', 'application/yaml')
  public getOpenApiYaml(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): OpenApiYaml {
    const serving = this.#findVariant(request);
    request.res?.setHeader('Content-Type', 'application/yaml'); // before what sends a 304
    if (isUnchanged(request, createServedEtag(serving, this.#etags.yaml), 'no-cache'))
      unchanged(304, undefined);
    return adaptYaml(serving, this.#yaml);
  }

  /**
   * The same contract in OpenAPI 3.1, for tools that want JSON Schema 2020-12.
   * @summary Read the contract in OpenAPI 3.1
   * @param unchanged Nothing has changed since the `ETag` that was sent as `If-None-Match`.
   */
  @Get('openapi-3.1.json')
  @SuccessResponse(200, 'The OpenAPI document.')
  public getOpenApi31(
    @Request() request: HttpRequest,
    @Res() unchanged: TsoaResponse<304, void>,
  ): OpenApiDocument {
    const serving = this.#findVariant(request);
    if (isUnchanged(request, createServedEtag(serving, this.#etags.json31), 'no-cache'))
      unchanged(304, undefined);
    return adaptContract(serving, this.#contract31);
  }

  #findVariant(request: HttpRequest): ServedVariant {
    return { prefix: getForwardedPrefix(request), tokenScheme: this.#tokenScheme };
  }
}

function createServedEtag({ prefix, tokenScheme }: ServedVariant, etag: string): string {
  const differs = prefix !== '' || tokenScheme !== undefined;
  return differs ? createEtag(etag + prefix + JSON.stringify(tokenScheme ?? '')) : etag;
}
