// An API in each framework whose own error handler responds to refusals. tsc compiles it, for NestJS's decorators; it
// prints each server's URL.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import Router from '@koa/router';
import { Catch, Controller, Get, Module, UnauthorizedException, type ArgumentsHost } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import express, { type ErrorRequestHandler } from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { guard, Refusal, type GuardOptions } from '@latchkey/guard';
import { guard as honoGuard } from '@latchkey/guard/hono';
import { guard as koaGuard } from '@latchkey/guard/koa';
import { LatchkeyGuard, LatchkeyModule, Public, Requires } from '@latchkey/guard/nestjs';
import { startTestIssuer } from '@latchkey/guard/testing';

const issuer = await startTestIssuer();
const options: GuardOptions = { ...issuer.options, refusals: 'throw' };
const latchkey = guard(options);
await latchkey.start();
const printed: Record<string, string> = {};

{
  const app = express();
  app.get('/', latchkey.requires(), (_request, response) => {
    response.end('in');
  });
  app.use(((error, _request, response, next) => {
    if (error instanceof Refusal) response.status(error.status).json({ own: error.code });
    else next(error);
  }) satisfies ErrorRequestHandler);
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    printed['Express'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
}
{
  const app = fastify();
  app.get('/', { onRequest: latchkey.requires() }, () => 'in');
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal) return reply.code(error.statusCode).send({ own: error.code });
    return reply.send(error);
  });
  printed['Fastify'] = await app.listen({ port: 0, host: '127.0.0.1' });
}
{
  const own = koaGuard(options);
  await own.start();
  const router = new Router();
  router.get('/', own.requires(), (context) => {
    context.body = 'in';
  });
  const app = new Koa();
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.status = error.status;
      context.body = { own: error.code };
    }
  });
  const server = app.use(router.routes()).listen(0, '127.0.0.1', () => {
    printed['Koa'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
}
{
  const own = honoGuard(options);
  await own.start();
  const app = new Hono();
  app.get('/', own.requires(), (context) => context.text('in'));
  app.onError((error, context) => {
    if (error instanceof Refusal) return context.json({ own: error.code }, error.status as 401);
    return context.text('', 500);
  });
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
    printed['Hono'] = `http://127.0.0.1:${port}`;
  });
  // Without a handler of its own Hono sends the refusal's response.
  const plain = new Hono();
  plain.get('/', own.requires(), (context) => context.text('in'));
  const response = await plain.request('/');
  printed['Hono without a handler'] = `${response.status} ${response.headers.get('content-type')}`;
}
{
  @Catch(UnauthorizedException)
  class OwnFilter {
    catch(exception: UnauthorizedException, host: ArgumentsHost) {
      const { code } = exception.cause as Refusal;
      host.switchToHttp().getResponse<express.Response>().status(exception.getStatus()).json({ own: code });
    }
  }

  @Controller()
  class OwnController {
    @Get()
    enter() {
      return 'in';
    }

    @Get('public')
    @Public()
    enterFreely() {
      return 'in';
    }

    @Get('reports')
    @Requires('reports:read')
    read() {
      return 'in';
    }
  }

  @Module({
    imports: [LatchkeyModule.forRootAsync({ useFactory: async () => options })],
    controllers: [OwnController],
    providers: [{ provide: APP_GUARD, useExisting: LatchkeyGuard }],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.useGlobalFilters(new OwnFilter());
  await app.listen(0, '127.0.0.1');
  printed['NestJS'] = (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

const good = await issuer.token();
while (Object.keys(printed).length < 6) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(JSON.stringify({ printed, good }));
