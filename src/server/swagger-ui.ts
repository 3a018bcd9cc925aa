import express, { type Router } from 'express';
import helmet from 'helmet';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import swaggerUi from 'swagger-ui-express';

/** The page, as the build has put it together: `src/swagger-ui`, compiled. */
const page = fileURLToPath(new URL('../swagger-ui', import.meta.url));

/** The parts of Swagger UI's distribution that the page uses. The rest of it is not served. */
const swaggerUiFiles = new Set([
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-standalone-preset.js',
  '/swagger-ui-init.js',
]);

const options: swaggerUi.SwaggerUiOptions = {
  swaggerOptions: {
    url: '../openapi.json',
    // Without the top bar of the standalone layout: the page has its own.
    layout: 'BaseLayout',
    tryItOutEnabled: true,
    filter: true,
    // The list of schemas is closed at first.
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    deepLinking: true,
    // Swagger's own validator is a public service, which would see every page view.
    validatorUrl: null,
    // Sent as text, and run in the browser: src/swagger-ui/page.ts is there by then.
    plugins: [() => (globalThis as unknown as { readonly latchkey: object }).latchkey],
  },
};

/**
 * Mounts Swagger UI at `/docs/`, over the contract that the service serves.
 * @returns the paths that it serves, in addition to the contract's.
 */
export function mountSwaggerUi(router: Router): readonly string[] {
  // The page's files are relative to it. A relative redirect works behind a proxy's prefix, too.
  router.get('/docs', (_request, response) => {
    response.redirect(308, 'docs/');
  });
  router.use(
    '/docs/',
    helmet.contentSecurityPolicy({
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
    ({ headers }, response, next) => {
      response.setHeader('Cache-Control', 'no-cache'); // the files bring their ETags
      // Files are sent whole (RFC 9110 §14.2): a part that there is not would be an error.
      delete headers.range;
      next();
    },
    express.static(page, { redirect: false, cacheControl: false, acceptRanges: false }),
  );
  const distribution = express.Router();
  distribution.use(
    (request, _response, next) => {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      next(isRead && swaggerUiFiles.has(request.path) ? undefined : 'router');
    },
    ...swaggerUi.serveFiles(undefined, options),
  );
  router.use('/docs/', distribution);
  const files = [...readdirSync(page).map((file) => `/${file}`), ...swaggerUiFiles];
  return ['/docs', '/docs/', ...files.map((file) => `/docs${file}`)];
}
