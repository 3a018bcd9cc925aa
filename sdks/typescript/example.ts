import { LatchkeyClient, LatchkeyError } from '@latchkey/client';

const {
  LATCHKEY_URL = 'http://127.0.0.1:3000',
  LATCHKEY_USERNAME = 'ada',
  LATCHKEY_PASSWORD = '',
} = process.env;
const latchkey = new LatchkeyClient({ baseUrl: LATCHKEY_URL });

await latchkey.login(LATCHKEY_USERNAME, LATCHKEY_PASSWORD);
const { data } = await latchkey.api.GET('/protected');
console.log(data.message);

try {
  await latchkey.api.POST('/users', { body: { username: 'grace', password: 'short' } });
} catch (error) {
  if (!(error instanceof LatchkeyError)) throw error;
  if (error.code === 'insufficient_scope') console.log(`May not: ${error.detail}`);
  else if (error.code === 'validation_failed') console.log('Not valid:', error.errors);
  else throw error;
}

await latchkey.logout();
