import { goOidc, onJava, quarkus, rust } from './compiled.js';
import { apache, oauth2Proxy } from './proxies.js';
import { bothTypes, type ResourceServer } from './resource-server.js';
import { gunicorn, onNode, onPython, ruby, uvicorn } from './scripts.js';

/** Every library that docs/resource-servers.md has a section for. */
export const resourceServers: readonly ResourceServer[] = [
  onNode('Express with express-jwt', { takes: bothTypes, checksType: false }),
  onNode('Express with passport-jwt', { takes: bothTypes, checksType: false }),
  onNode('NestJS', { takes: bothTypes, checksType: false }),
  onNode('Fastify with @fastify/jwt', { takes: bothTypes, checksType: false }),
  onNode('Hono', { takes: ['JWT'], checksType: true }),
  onNode('jose', { takes: ['at+jwt'], checksType: true }),
  onPython('FastAPI with PyJWT', { takes: ['at+jwt'], checksType: true }, uvicorn),
  onPython('Flask with Authlib', { takes: ['at+jwt'], checksType: true }, gunicorn),
  onPython('Django REST framework with simplejwt', { takes: bothTypes, checksType: false }, gunicorn),
  goOidc,
  oauth2Proxy,
  rust,
  ruby,
  onJava('Spring Boot 3.5', 'Spring Boot', 'spring-boot-3', { takes: ['at+jwt'], checksType: true }),
  onJava('Spring Boot 4', 'Spring Boot', 'spring-boot-4', { takes: ['at+jwt'], checksType: true }),
  onJava('Spring Boot 3.5 by its settings', 'Spring Boot', 'spring-boot-3', {
    takes: ['JWT'],
    checksType: true,
    bySettings: true,
  }),
  onJava('Spring Boot 4 by its settings', 'Spring Boot', 'spring-boot-4', {
    takes: ['JWT'],
    checksType: true,
    bySettings: true,
  }),
  onJava('Nimbus JOSE + JWT', 'Nimbus JOSE + JWT', 'nimbus', { takes: ['at+jwt'], checksType: true }),
  quarkus,
  apache,
];
