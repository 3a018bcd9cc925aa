import cors from 'cors';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { routes as latchkeyRoutes } from '../../generated/latchkey-routes.js';
import { commonHeaders } from '../http/common-headers.js';
import { Controllers } from './controllers.js';
import './express-types.js';
import { createProblemHandler } from './problem-handler.js';
import { createRequestIdMiddleware } from '../http/request-context.js';
import { createRequestLogMiddleware } from '../observability/request-log.js';
import { otherOperation } from '../observability/request-metrics.js';
import type { Tracing } from '../observability/tracing.js';
import { captureHeaders, setDefaultHeaders } from '../http/response-headers.js';
import { usesCookies } from '../config/cookie-settings.js';
import type { OpenProject } from './open-project.js';
import { mountOperations } from './operations.js';
import { mountProblemsRedirect } from './problems-redirect.js';
import { mountDevMail, showsDevMail } from './dev-mail.js';
import { mountSwaggerUi } from './swagger-ui.js';
import { createForgottenProxyMiddleware, createTrust } from '../http/trusted-proxy.js';
import { createNotFoundHandler } from './not-found-handler.js';
import { createWellKnownPathMiddleware } from './well-known-path.js';
import type { Services } from './services.js';

/** Creates the Express app: the middleware in the order in which each request passes it. */
export function createApp(services: Services, project: OpenProject, tracing?: Tracing): Express {
  const { config, contract, log, issuer, database, requests } = services;
  const app = express();
  app.locals.services = services;
  app.disable('x-powered-by');
  app.disable('etag'); // tokens and accounts must not be cached; cacheable responses set their own
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('trust proxy', createTrust(config.trustedProxies));

  app.use(createRequestIdMiddleware());
  app.use(
    createForgottenProxyMiddleware((address) => {
      log.warn(
        { event: 'untrusted_proxy', address },
        `requests from ${address} say that they were forwarded, and LATCHKEY_TRUSTED_PROXIES does not name it: all clients behind it count as one, and share the limits for failed logins. If it is your proxy, name it there, and let it send X-Forwarded-For`,
      );
    }),
  );
  if (tracing) app.use(tracing.middleware);
  const requestLog = createRequestLogMiddleware(log, config.requestLog ? 'info' : 'debug');
  if (requestLog) app.use(requestLog);
  setDefaultHeaders(
    app,
    commonHeaders,
    captureHeaders(helmet.strictTransportSecurity({ includeSubDomains: config.hstsIncludeSubDomains })),
    ({ operation = otherOperation, arrivedAt }, status) => {
      requests.record(operation, status, performance.now() - arrivedAt);
    },
  );
  if (config.corsOrigins.length > 0) {
    const isOpen = config.corsOrigins.includes('*');
    app.use(
      cors({
        origin: isOpen ? '*' : [...config.corsOrigins],
        // With credentials for every origin, any site could use the browser's cookies.
        credentials: usesCookies(config) && !isOpen,
        exposedHeaders: ['X-Request-Id', 'WWW-Authenticate', 'Retry-After', 'RateLimit', 'ETag'],
      }),
    );
  }
  const wellKnownPath = createWellKnownPathMiddleware(issuer);
  if (wellKnownPath) app.use(wellKnownPath);
  const all = [
    { ...latchkeyRoutes, controllers: new Controllers(services) },
    { ...project.routes, controllers: new Controllers(project.services) },
  ];
  mountOperations(app, all, contract.document);
  const pages = mountSwaggerUi(app);
  app.use(
    createNotFoundHandler(
      all.flatMap(({ operations }) => operations),
      [
        ...pages,
        mountProblemsRedirect(app),
        ...(showsDevMail(config, issuer) ? mountDevMail(app, services) : []),
      ],
    ),
  );
  app.use(createProblemHandler(log, issuer, database.outages));
  return app;
}
