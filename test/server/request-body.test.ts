import { expect } from 'chai';
import express from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { readConfig } from '../../src/config/config.js';
import { createBodyParsers } from '../../src/server/request-body.js';
import { Problem } from '../../src/problems/problem.js';

describe('A body whose client has disconnected before it was read', () => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    it(`is refused, and never passed on as undefined: ${type}`, () => {
      const handlers = createBodyParsers(readConfig({}), {
        body: { in: 'body', name: 'body', required: true },
        mediaTypes: [type],
        jsonExample: undefined,
        acceptsToken: false,
      });
      const socket = new Socket();
      const request = Object.setPrototypeOf(new IncomingMessage(socket), express.request) as express.Request;
      request.headers = { 'content-type': type, 'content-length': '3' };
      socket.destroy();
      const response = Object.setPrototypeOf(
        new ServerResponse(request),
        express.response,
      ) as express.Response;
      const outcomes: unknown[] = [];
      const pass = ([handler, ...rest]: typeof handlers): void => {
        if (!handler) outcomes.push('handed on');
        else
          void handler(request, response, (error?: unknown) => {
            if (error === undefined) pass(rest);
            else outcomes.push(error);
          });
      };
      expect(() => {
        pass(handlers);
      })
        .to.throw(Problem)
        .with.property('code', 'bad_request');
      expect(outcomes).to.deep.equal([]);
    });
  }
});
