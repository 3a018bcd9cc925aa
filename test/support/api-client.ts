import supertest, { type Test } from 'supertest';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { User } from '../../src/users/users.models.js';
import { checkAgainstContract } from './contract.js';

/** A list is a parameter that occurs several times. */
export type Form = Readonly<Record<string, string | readonly string[]>>;

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'head' | 'trace';

export const adminPassword = 'the admin of the tests';

/** The service that the tests call over HTTP, in this process or in another one. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** A request whose response is checked against the contract. */
  request(method: Method, path: string, accessToken?: string): Test {
    const test = supertest(this.url)
      [method](path)
      .expect((response) => {
        checkAgainstContract(method, path, response);
      });
    return accessToken === undefined ? test : test.set('Authorization', `Bearer ${accessToken}`);
  }

  get(path: string, accessToken?: string): Test {
    return this.request('get', path, accessToken);
  }

  post(path: string, body?: object, accessToken?: string): Test {
    const test = this.request('post', path, accessToken);
    return body === undefined ? test : test.send(body);
  }

  /** Posts a form. */
  postForm(path: string, form: Form): Test {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) {
      for (const each of [value].flat()) parameters.append(name, each);
    }
    return this.request('post', path).type('form').send(parameters.toString());
  }

  put(path: string, body: object, accessToken?: string): Test {
    return this.request('put', path, accessToken).send(body);
  }

  patch(path: string, body: object, accessToken?: string): Test {
    return this.request('patch', path, accessToken).send(body);
  }

  delete(path: string, accessToken?: string): Test {
    return this.request('delete', path, accessToken);
  }

  /** Logs in, by default as the administrator. */
  async login(username = 'admin', password = adminPassword): Promise<TokenSet> {
    const { body } = await this.post('/login', { username, password }).expect(200);
    return body as TokenSet;
  }

  /** Refreshes. @returns the new tokens. */
  async refresh(refreshToken: string): Promise<TokenSet> {
    const { body } = await this.post('/refresh', { refresh_token: refreshToken }).expect(200);
    return body as TokenSet;
  }

  /** Creates a user, as the administrator. */
  async createUser(username: string, password: string, roles: readonly string[] = []): Promise<User> {
    const { access_token: token } = await this.login();
    const { body } = await this.post('/users', { username, password, roles }, token).expect(201);
    return body as User;
  }
}
