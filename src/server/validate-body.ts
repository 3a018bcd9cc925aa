import type { FieldErrors } from '@tsoa/runtime';
import { routes } from '../../generated/latchkey-routes.js';
import { Problem } from '../problems/problem.js';
import { removePrototypes, WordedValidation } from './validation.js';

removePrototypes(routes.models);

/**
 * Holds what comes from elsewhere than a request to the contract, as the body of a request is: services rely on it.
 * @param model the name of a model of the contract, such as `CreateUserRequest`.
 * @param name of the value in the reasons, where it is not an object.
 * @throws {Problem} `validation_failed`, with the reasons under the fields' names.
 */
export function validateBody<Body>(model: string, body: Body, name = 'body'): Body {
  const found: FieldErrors = {};
  const validation = new WordedValidation(routes.models, routes.validation);
  const value: unknown = validation.ValidateParam({ ref: model }, body, name, found, true);
  const errors = Object.fromEntries(
    Object.entries(found).map(([field, { message }]) => [field.replace(/^body\./, ''), message]),
  );
  if (Object.keys(errors).length > 0) throw new Problem('validation_failed', { errors });
  return value as Body;
}
