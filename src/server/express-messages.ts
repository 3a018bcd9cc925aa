import type http from 'node:http';
import type { Express } from 'express';
import { IncomingMessage, ServerResponse } from '../http/node-http.js';

/** The classes of a server's requests and responses: an option of `http.createServer`. */
interface Messages {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/**
 * Express gives each request and each response the prototype that has its methods, and an object whose prototype changes
 * is slow from then on. Those of the classes here are born with the prototypes of the app that adopts them: Express sets
 * what is there already.
 */
export function createExpressMessages(): {
  readonly messages: Messages;
  readonly adopt: (app: Express) => void;
} {
  class Request extends IncomingMessage {}
  class Response<Of extends http.IncomingMessage> extends ServerResponse<Of> {}
  return {
    messages: { IncomingMessage: Request, ServerResponse: Response },
    adopt: (app) => {
      app.request = replacePrototype(app.request, Request.prototype);
      app.response = replacePrototype(app.response, Response.prototype);
    },
  };
}

/** Makes an object into one that has all that another has, and inherits what that inherits. */
function replacePrototype<Other extends object>(other: Other, object: object): Other {
  Object.defineProperties(object, Object.getOwnPropertyDescriptors(other));
  return Object.setPrototypeOf(object, Object.getPrototypeOf(other) as object) as Other;
}
