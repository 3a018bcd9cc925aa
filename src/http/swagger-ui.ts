import type { Router } from 'express';
import helmet from 'helmet';
import swaggerUi from 'swagger-ui-express';

/** The part of Swagger UI's response and of its `window.ui` that the page's own code uses. */
interface UiResponse {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}
interface UiWindow {
  readonly ui: {
    readonly authActions: {
      authorizeWithPersistOption(authorization: object): void;
      logoutWithPersistOption(schemes: string[]): void;
    };
  };
}

/**
 * Runs in the browser, where it is sent as text: it may use nothing from outside itself. An answer that has an
 * access token in it authorizes the page with it; a logout takes that away.
 */
function authorizeByAnswer(response: UiResponse): UiResponse {
  const { ui } = globalThis as unknown as UiWindow;
  const path = new URL(response.url).pathname;
  if (response.status === 200 && /\/(login|refresh|me\/password)$/.test(path)) {
    const { access_token: token } = JSON.parse(response.text) as { access_token: string };
    ui.authActions.authorizeWithPersistOption({
      bearer: { name: 'bearer', schema: { type: 'http', scheme: 'bearer' }, value: token },
    });
  } else if (response.status === 204 && path.endsWith('/logout')) {
    ui.authActions.logoutWithPersistOption(['bearer']);
  }
  return response;
}

/** Mounts Swagger UI at `/docs`, over the contract that the service serves. */
export function mountSwaggerUi(router: Router): void {
  const options = {
    customSiteTitle: 'Latchkey',
    swaggerOptions: {
      url: '../openapi.json',
      persistAuthorization: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      deepLinking: true,
      // Swagger's own validator is a public service: it would be told of every page view.
      validatorUrl: null,
      responseInterceptor: authorizeByAnswer,
    },
  };
  router.use(
    /^\/docs(\/|$)/,
    helmet.contentSecurityPolicy({
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Swagger UI writes style attributes.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
  );
  router.use('/docs/', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-cache'); // the files bring their ETags
    next();
  });
  // The page's files are relative to it. A relative redirect works behind a proxy's prefix, too.
  router.get('/docs', (_request, response) => {
    response.redirect(308, 'docs/');
  });
  router.get('/docs/', swaggerUi.setup(undefined, options));
  router.use('/docs/', ...swaggerUi.serveFiles(undefined, options));
}
