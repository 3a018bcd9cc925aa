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
import type { KeyRing } from './key-ring.js';
import type { JsonWebKeySet } from './jwks.models.js';

@Route('.well-known')
@Tags('Service')
@NoSecurity()
export class JwksController {
  constructor(
    private readonly services: {
      /** Seconds. */ readonly config: { readonly jwksMaxAge: number };
      readonly ring: KeyRing;
    },
  ) {}

  /**
   * Returns the public keys with which other services verify access tokens (RFC 7517). A new key is published before it
   * signs its first token, for longer than this response may be cached. With a shared secret (HS256) there are no keys.
   * @summary Read the public keys
   * @param unchanged Nothing has changed since the response whose `ETag` was sent as `If-None-Match`.
   */
  @Get('jwks.json')
  @SuccessResponse(200, 'The keys.')
  public getJwks(@Request() request: HttpRequest, @Res() unchanged: TsoaResponse<304, void>): JsonWebKeySet {
    const { ring, config } = this.services;
    const keys = ring.listPublishedKeys();
    const cacheControl = `public, max-age=${config.jwksMaxAge}`;
    if (isUnchanged(request, createEtag(JSON.stringify(keys)), cacheControl)) unchanged(304, undefined);
    return { keys };
  }
}
