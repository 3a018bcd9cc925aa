// Fastify with @fastify/jwt and a set of revoked token ids. With the argument "cache" it remembers 10,000 verified
// tokens.
import jwt from '@fastify/jwt';
import Fastify from 'fastify';

const [, , cache] = process.argv;
const { ALGORITHM: algorithm, VERIFICATION_KEY: key, PORT: port } = process.env;

const revoked = new Set();
const app = Fastify();

await app.register(jwt, {
  secret: algorithm === 'HS256' ? key : { public: key },
  verify: { algorithms: [algorithm], ...(cache === 'cache' && { cache: 10_000 }) },
  trusted: (request, claims) => !revoked.has(claims.jti),
});

const authenticate = async (request) => {
  await request.jwtVerify();
};

app.get('/protected', { onRequest: authenticate }, async () => ({
  message: 'This is a protected endpoint.',
}));

app.post('/logout', { onRequest: authenticate }, async (request, reply) => {
  revoked.add(request.user.jti);
  return reply.code(204).send();
});

await app.listen({ port: Number(port), host: '127.0.0.1' });
