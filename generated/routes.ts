// Made by the build from the controllers. Change those, and run `npm run build`.
import type { TsoaRoute } from '@tsoa/runtime';
import type { Express } from 'express';
import { expressAuthentication } from './../src/authentication/authentication.js';
import { iocContainer } from './../src/server/ioc.js';
import { mountOperations, type Operation } from '../src/server/operations.js';
import { UsersController } from './../src/users/users.controller.js';
import { UserSessionsController } from './../src/sessions/user-sessions.controller.js';
import { OwnSessionsController } from './../src/sessions/own-sessions.controller.js';
import { HealthController } from './../src/server/health.controller.js';
import { RolesController } from './../src/roles/roles.controller.js';
import { RevocationsController } from './../src/revocation-stream/revocations.controller.js';
import { ProtectedController } from './../src/protected/protected.controller.js';
import { OAuthController } from './../src/oauth/oauth.controller.js';
import { MetadataController } from './../src/oauth/metadata.controller.js';
import { JwksController } from './../src/keys/jwks.controller.js';
import { ProblemPagesController } from './../src/contract/problem-pages.controller.js';
import { LandingPageController } from './../src/contract/landing-page.controller.js';
import { ContractController } from './../src/contract/contract.controller.js';
import { ClientsController } from './../src/clients/clients.controller.js';
import { SessionsController } from './../src/authentication/sessions.controller.js';
import { MeController } from './../src/authentication/me.controller.js';
import { ForwardAuthController } from './../src/authentication/forward-auth.controller.js';
import { CookiesController } from './../src/authentication/cookies.controller.js';

const models: TsoaRoute.Models = {
  'Id': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"pattern":{"errorMsg":"must be a UUID","value":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},"maxLength":{"value":36}}},
  },
  'RoleName': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":100},"pattern":{"errorMsg":"must begin with a letter or a digit, and have letters, digits and . _ - alone","value":"^[A-Za-z0-9][A-Za-z0-9._-]*$"}}},
  },
  'User': {
    dataType: 'refObject',
    properties: {
      'id': {"ref":"Id","required":true},
      'username': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'roles': {"dataType":"array","array":{"dataType":"refAlias","ref":"RoleName"},"required":true,"validators":{"maxItems":{"value":1000}}},
      'disabled': {"dataType":"boolean","required":true},
      'password_change_required': {"dataType":"boolean","required":true},
      'created_at': {"dataType":"string","required":true},
      'updated_at': {"dataType":"string","required":true},
      'last_login_at': {"dataType":"string"},
    },
    additionalProperties: false,
  },
  'UserCursor': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"pattern":{"value":"^[A-Za-z0-9_-]+$"},"maxLength":{"value":1200}}},
  },
  'UserPage': {
    dataType: 'refObject',
    properties: {
      'items': {"dataType":"array","array":{"dataType":"refObject","ref":"User"},"required":true,"validators":{"maxItems":{"value":200}}},
      'next_cursor': {"ref":"UserCursor"},
    },
    additionalProperties: false,
  },
  'UserQuery': {
    dataType: 'refObject',
    properties: {
      'limit': {"dataType":"integer","default":50,"validators":{"minimum":{"value":1},"maximum":{"value":200}}},
      'cursor': {"ref":"UserCursor"},
      'name': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must not have control characters","value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
    },
    additionalProperties: false,
  },
  'FieldErrors': {
    dataType: 'refObject',
    properties: {
    },
    additionalProperties: {"dataType":"string"},
  },
  'ProblemDetails': {
    dataType: 'refObject',
    properties: {
      'type': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'title': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'status': {"dataType":"integer","required":true,"validators":{"minimum":{"value":400},"maximum":{"value":599}}},
      'detail': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2000}}},
      'code': {"dataType":"string","required":true,"validators":{"maxLength":{"value":64},"pattern":{"value":"^[a-z_]+$"}}},
      'errors': {"ref":"FieldErrors"},
    },
    additionalProperties: false,
  },
  'CreateUserRequest': {
    dataType: 'refObject',
    properties: {
      'username': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must not have control characters, nor white space at either end","value":"^[^\\s\\u0000-\\u001f\\u007f]([^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f])?$"}}},
      'password': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":4096}}},
      'one_time': {"dataType":"boolean"},
      'roles': {"dataType":"array","array":{"dataType":"refAlias","ref":"RoleName"},"validators":{"maxItems":{"value":1000}}},
    },
    additionalProperties: false,
  },
  'UpdateUserRequest': {
    dataType: 'refObject',
    properties: {
      'username': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must not have control characters, nor white space at either end","value":"^[^\\s\\u0000-\\u001f\\u007f]([^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f])?$"}}},
      'password': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":4096}}},
      'one_time': {"dataType":"boolean"},
      'disabled': {"dataType":"boolean"},
      'roles': {"dataType":"array","array":{"dataType":"refAlias","ref":"RoleName"},"validators":{"maxItems":{"value":1000}}},
    },
    additionalProperties: false,
  },
  'Session': {
    dataType: 'refObject',
    properties: {
      'id': {"ref":"Id","required":true},
      'created_at': {"dataType":"string","required":true},
      'last_used_at': {"dataType":"string","required":true},
      'expires_at': {"dataType":"string","required":true},
      'address': {"dataType":"string","required":true,"validators":{"maxLength":{"value":255},"pattern":{"value":"^[0-9A-Fa-f.:%A-Za-z_-]*$"}}},
      'user_agent': {"dataType":"string","required":true,"validators":{"maxLength":{"value":255},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'current': {"dataType":"boolean","required":true},
    },
    additionalProperties: false,
  },
  'Cursor': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"pattern":{"value":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},"maxLength":{"value":36}}},
  },
  'SessionPage': {
    dataType: 'refObject',
    properties: {
      'items': {"dataType":"array","array":{"dataType":"refObject","ref":"Session"},"required":true,"validators":{"maxItems":{"value":200}}},
      'next_cursor': {"ref":"Cursor"},
    },
    additionalProperties: false,
  },
  'SessionQuery': {
    dataType: 'refObject',
    properties: {
      'limit': {"dataType":"integer","default":50,"validators":{"minimum":{"value":1},"maximum":{"value":200}}},
      'cursor': {"ref":"Cursor"},
    },
    additionalProperties: false,
  },
  'HealthStatus': {
    dataType: 'refEnum',
    enums: ["ok"],
  },
  'Health': {
    dataType: 'refObject',
    properties: {
      'status': {"ref":"HealthStatus","required":true},
    },
    additionalProperties: false,
  },
  'Permission': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":100},"pattern":{"errorMsg":"must begin with a letter or a digit, and have letters, digits and . _ : / - alone","value":"^[A-Za-z0-9][A-Za-z0-9._:/-]*$"}}},
  },
  'Role': {
    dataType: 'refObject',
    properties: {
      'name': {"ref":"RoleName","required":true},
      'description': {"dataType":"string","required":true,"validators":{"maxLength":{"value":500},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'permissions': {"dataType":"array","array":{"dataType":"refAlias","ref":"Permission"},"required":true,"validators":{"maxItems":{"value":1000}}},
      'built_in': {"dataType":"boolean","required":true},
      'created_at': {"dataType":"string","required":true},
      'updated_at': {"dataType":"string","required":true},
    },
    additionalProperties: false,
  },
  'RoleList': {
    dataType: 'refObject',
    properties: {
      'items': {"dataType":"array","array":{"dataType":"refObject","ref":"Role"},"required":true,"validators":{"maxItems":{"value":10000}}},
    },
    additionalProperties: false,
  },
  'PutRoleRequest': {
    dataType: 'refObject',
    properties: {
      'description': {"dataType":"string","validators":{"maxLength":{"value":500},"pattern":{"errorMsg":"must not have control characters","value":"^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"}}},
      'permissions': {"dataType":"array","array":{"dataType":"refAlias","ref":"Permission"},"required":true,"validators":{"maxItems":{"value":1000}}},
    },
    additionalProperties: false,
  },
  'RevokedKind': {
    dataType: 'refEnum',
    enums: ["session","token","subject","role"],
  },
  'RevocationEntry': {
    dataType: 'refObject',
    properties: {
      'kind': {"ref":"RevokedKind","required":true},
      'id': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[\\u0020-\\u007e]+$"}}},
      'version': {"dataType":"long","validators":{"minimum":{"value":0},"maximum":{"value":9007199254740991}}},
      'expires_at': {"dataType":"string","required":true},
    },
    additionalProperties: false,
  },
  'RevocationPage': {
    dataType: 'refObject',
    properties: {
      'items': {"dataType":"array","array":{"dataType":"refObject","ref":"RevocationEntry"},"required":true,"validators":{"maxItems":{"value":10000}}},
      'cursor': {"dataType":"string","required":true,"validators":{"maxLength":{"value":1000},"pattern":{"value":"^[A-Za-z0-9_-]+$"}}},
      'complete': {"dataType":"boolean","required":true},
    },
    additionalProperties: false,
  },
  'RevocationQuery': {
    dataType: 'refObject',
    properties: {
      'limit': {"dataType":"integer","default":1000,"validators":{"minimum":{"value":1},"maximum":{"value":10000}}},
      'cursor': {"dataType":"string","validators":{"maxLength":{"value":1000}}},
    },
    additionalProperties: false,
  },
  'LastEventId': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":1000}}},
  },
  'ProtectedMessage': {
    dataType: 'refObject',
    properties: {
      'message': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
    },
    additionalProperties: false,
  },
  'TokenType': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":255},"pattern":{"value":"^[A-Za-z0-9!#$%&'*+.^_\\u0060|~-]+$"}}},
  },
  'TokenResponse': {
    dataType: 'refObject',
    properties: {
      'access_token': {"dataType":"string","required":true,"validators":{"maxLength":{"value":8192},"pattern":{"value":"^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"}}},
      'token_type': {"ref":"TokenType","required":true},
      'expires_in': {"dataType":"integer","required":true,"validators":{"minimum":{"value":0},"maximum":{"value":86400}}},
      'refresh_token': {"dataType":"string","validators":{"maxLength":{"value":512},"pattern":{"value":"^lk_rt_[A-Za-z0-9_-]+$"}}},
      'refresh_expires_in': {"dataType":"integer","validators":{"minimum":{"value":0},"maximum":{"value":34560000}}},
      'scope': {"dataType":"string","required":true,"validators":{"maxLength":{"value":8192},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
    },
    additionalProperties: false,
  },
  'OAuthErrorCode': {
    dataType: 'refAlias',
    type: {"dataType":"union","subSchemas":[{"dataType":"enum","enums":["invalid_request"]},{"dataType":"enum","enums":["invalid_client"]},{"dataType":"enum","enums":["invalid_grant"]},{"dataType":"enum","enums":["unauthorized_client"]},{"dataType":"enum","enums":["unsupported_grant_type"]},{"dataType":"enum","enums":["invalid_scope"]},{"dataType":"enum","enums":["invalid_target"]},{"dataType":"enum","enums":["temporarily_unavailable"]},{"dataType":"enum","enums":["server_error"]}],"validators":{}},
  },
  'OAuthError': {
    dataType: 'refObject',
    properties: {
      'error': {"ref":"OAuthErrorCode","required":true},
      'error_description': {"dataType":"string","required":true,"validators":{"maxLength":{"value":4000},"pattern":{"value":"^[\\u0020-!#-\\[\\]-~]*$"}}},
    },
    additionalProperties: false,
  },
  'Resource': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":65536}}},
  },
  'TokenRequest': {
    dataType: 'refObject',
    properties: {
      'client_id': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_secret': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_assertion_type': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_assertion': {"dataType":"string","validators":{"maxLength":{"value":65536}}},
      'grant_type': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":512}}},
      'refresh_token': {"dataType":"string","validators":{"maxLength":{"value":65536}}},
      'scope': {"dataType":"string","validators":{"maxLength":{"value":65536}}},
      'resource': {"dataType":"array","array":{"dataType":"refAlias","ref":"Resource"},"validators":{"maxItems":{"value":1000}}},
    },
    additionalProperties: {"dataType":"any"},
  },
  'TokenUse': {
    dataType: 'refAlias',
    type: {"dataType":"union","subSchemas":[{"dataType":"enum","enums":["access_token"]},{"dataType":"enum","enums":["refresh_token"]}],"validators":{}},
  },
  'Audience': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must be printable ASCII without spaces","value":"^[!-~]+$"}}},
  },
  'Introspection': {
    dataType: 'refObject',
    properties: {
      'active': {"dataType":"boolean","required":true},
      'token_use': {"ref":"TokenUse"},
      'token_type': {"ref":"TokenType"},
      'scope': {"dataType":"string","validators":{"maxLength":{"value":8192},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
      'client_id': {"dataType":"string","validators":{"maxLength":{"value":100},"pattern":{"value":"^[\\u0020-\\u007e]*$"}}},
      'username': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'sub': {"dataType":"string","validators":{"maxLength":{"value":100},"pattern":{"value":"^[\\u0020-\\u007e]*$"}}},
      'aud': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"validators":{"maxItems":{"value":10}}},
      'iss': {"dataType":"string","validators":{"maxLength":{"value":2048}}},
      'exp': {"dataType":"long","validators":{"minimum":{"value":0},"maximum":{"value":253402300799}}},
      'iat': {"dataType":"long","validators":{"minimum":{"value":0},"maximum":{"value":253402300799}}},
      'nbf': {"dataType":"long","validators":{"minimum":{"value":0},"maximum":{"value":253402300799}}},
      'jti': {"dataType":"string","validators":{"maxLength":{"value":100},"pattern":{"value":"^[\\u0020-\\u007e]*$"}}},
      'auth_time': {"dataType":"long","validators":{"minimum":{"value":0},"maximum":{"value":253402300799}}},
      'sid': {"dataType":"string","validators":{"maxLength":{"value":100},"pattern":{"value":"^[\\u0020-\\u007e]*$"}}},
    },
    additionalProperties: false,
  },
  'TokenParameters': {
    dataType: 'refObject',
    properties: {
      'client_id': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_secret': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_assertion_type': {"dataType":"string","validators":{"maxLength":{"value":512}}},
      'client_assertion': {"dataType":"string","validators":{"maxLength":{"value":65536}}},
      'token': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":65536}}},
      'token_type_hint': {"dataType":"string","validators":{"maxLength":{"value":512}}},
    },
    additionalProperties: {"dataType":"any"},
  },
  'MetadataValue': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":100},"pattern":{"value":"^[!-~]+$"}}},
  },
  'AuthorizationServerMetadata': {
    dataType: 'refObject',
    properties: {
      'issuer': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'token_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'introspection_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'revocation_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'jwks_uri': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'response_types_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":0}}},
      'grant_types_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'scopes_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10000}}},
      'token_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'token_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
      'introspection_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'introspection_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
      'revocation_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'revocation_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
    },
    additionalProperties: false,
  },
  'OpenIdConfiguration': {
    dataType: 'refObject',
    properties: {
      'issuer': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'token_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'introspection_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'revocation_endpoint': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'jwks_uri': {"dataType":"string","required":true,"validators":{"maxLength":{"value":2048}}},
      'response_types_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":0}}},
      'grant_types_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'scopes_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10000}}},
      'token_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'token_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
      'introspection_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'introspection_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
      'revocation_endpoint_auth_methods_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'revocation_endpoint_auth_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
      'subject_types_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":10}}},
      'id_token_signing_alg_values_supported': {"dataType":"array","array":{"dataType":"refAlias","ref":"MetadataValue"},"required":true,"validators":{"maxItems":{"value":20}}},
    },
    additionalProperties: false,
  },
  'JsonWebKey': {
    dataType: 'refObject',
    properties: {
      'kty': {"dataType":"string","required":true,"validators":{"maxLength":{"value":16},"pattern":{"value":"^[A-Za-z0-9-]+$"}}},
      'kid': {"dataType":"string","required":true,"validators":{"maxLength":{"value":100},"pattern":{"value":"^[\\u0020-\\u007e]*$"}}},
      'use': {"dataType":"string","required":true,"validators":{"maxLength":{"value":16},"pattern":{"value":"^[A-Za-z0-9-]+$"}}},
      'alg': {"dataType":"string","required":true,"validators":{"maxLength":{"value":16},"pattern":{"value":"^[A-Za-z0-9-]+$"}}},
      'crv': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"value":"^[A-Za-z0-9-]+$"}}},
      'x': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
      'y': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
      'n': {"dataType":"string","validators":{"maxLength":{"value":2000},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
      'e': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
    },
    additionalProperties: false,
  },
  'JsonWebKeySet': {
    dataType: 'refObject',
    properties: {
      'keys': {"dataType":"array","array":{"dataType":"refObject","ref":"JsonWebKey"},"required":true,"validators":{"maxItems":{"value":1000}}},
    },
    additionalProperties: false,
  },
  'HtmlPage': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":100000},"pattern":{"value":"^<!doctype\\u0020html>"}}},
  },
  'ServiceAddress': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":300},"pattern":{"value":"^/"}}},
  },
  'ServiceInfo': {
    dataType: 'refObject',
    properties: {
      'name': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'version': {"dataType":"string","required":true,"validators":{"maxLength":{"value":64},"pattern":{"value":"^[0-9A-Za-z.+-]+$"}}},
      'documentation': {"ref":"ServiceAddress","required":true},
      'contract': {"ref":"ServiceAddress","required":true},
      'problems': {"ref":"ServiceAddress","required":true},
      'liveness': {"ref":"ServiceAddress","required":true},
      'readiness': {"ref":"ServiceAddress","required":true},
    },
    additionalProperties: false,
  },
  'OpenApiDocument': {
    dataType: 'refObject',
    properties: {
    },
    additionalProperties: {"dataType":"any"},
  },
  'OpenApiYaml': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":10000000},"pattern":{"value":"^openapi:"}}},
  },
  'ClientAuthMethod': {
    dataType: 'refAlias',
    type: {"dataType":"union","subSchemas":[{"dataType":"enum","enums":["client_secret_basic"]},{"dataType":"enum","enums":["client_secret_post"]},{"dataType":"enum","enums":["private_key_jwt"]}],"validators":{}},
  },
  'ClientKey': {
    dataType: 'refObject',
    properties: {
      'kty': {"dataType":"string","required":true,"validators":{"maxLength":{"value":16},"pattern":{"errorMsg":"must be the name of a registered value","value":"^[A-Za-z0-9-]+$"}}},
      'kid': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"errorMsg":"must be printable ASCII","value":"^[\\u0020-\\u007e]*$"}}},
      'use': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"errorMsg":"must be the name of a registered value","value":"^[A-Za-z0-9-]+$"}}},
      'alg': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"errorMsg":"must be the name of a registered value","value":"^[A-Za-z0-9-]+$"}}},
      'crv': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"errorMsg":"must be the name of a registered value","value":"^[A-Za-z0-9-]+$"}}},
      'x': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"errorMsg":"must be base64url","value":"^[A-Za-z0-9_-]*$"}}},
      'y': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"errorMsg":"must be base64url","value":"^[A-Za-z0-9_-]*$"}}},
      'n': {"dataType":"string","validators":{"maxLength":{"value":2000},"pattern":{"errorMsg":"must be base64url","value":"^[A-Za-z0-9_-]*$"}}},
      'e': {"dataType":"string","validators":{"maxLength":{"value":16},"pattern":{"errorMsg":"must be base64url","value":"^[A-Za-z0-9_-]*$"}}},
    },
    additionalProperties: {"dataType":"any"},
  },
  'ClientKeySet': {
    dataType: 'refObject',
    properties: {
      'keys': {"dataType":"array","array":{"dataType":"refObject","ref":"ClientKey"},"required":true,"validators":{"minItems":{"value":1},"maxItems":{"value":20}}},
    },
    additionalProperties: false,
  },
  'RegisteredClient': {
    dataType: 'refObject',
    properties: {
      'client_id': {"ref":"Id","required":true},
      'client_name': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'token_endpoint_auth_method': {"ref":"ClientAuthMethod","required":true},
      'jwks': {"ref":"ClientKeySet"},
      'scope': {"dataType":"string","required":true,"validators":{"maxLength":{"value":3000},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
      'audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"required":true,"validators":{"maxItems":{"value":10}}},
      'introspection_audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"required":true,"validators":{"maxItems":{"value":10}}},
      'access_token_lifetime': {"dataType":"integer","validators":{"minimum":{"value":1},"maximum":{"value":86400}}},
      'disabled': {"dataType":"boolean","required":true},
      'created_at': {"dataType":"string","required":true},
      'updated_at': {"dataType":"string","required":true},
    },
    additionalProperties: false,
  },
  'ClientPage': {
    dataType: 'refObject',
    properties: {
      'items': {"dataType":"array","array":{"dataType":"refObject","ref":"RegisteredClient"},"required":true,"validators":{"maxItems":{"value":200}}},
      'next_cursor': {"ref":"Cursor"},
    },
    additionalProperties: false,
  },
  'ClientQuery': {
    dataType: 'refObject',
    properties: {
      'limit': {"dataType":"integer","default":50,"validators":{"minimum":{"value":1},"maximum":{"value":200}}},
      'cursor': {"ref":"Cursor"},
    },
    additionalProperties: false,
  },
  'CreatedClient': {
    dataType: 'refObject',
    properties: {
      'client_id': {"ref":"Id","required":true},
      'client_name': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'token_endpoint_auth_method': {"ref":"ClientAuthMethod","required":true},
      'jwks': {"ref":"ClientKeySet"},
      'scope': {"dataType":"string","required":true,"validators":{"maxLength":{"value":3000},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
      'audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"required":true,"validators":{"maxItems":{"value":10}}},
      'introspection_audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"required":true,"validators":{"maxItems":{"value":10}}},
      'access_token_lifetime': {"dataType":"integer","validators":{"minimum":{"value":1},"maximum":{"value":86400}}},
      'disabled': {"dataType":"boolean","required":true},
      'created_at': {"dataType":"string","required":true},
      'updated_at': {"dataType":"string","required":true},
      'client_secret': {"dataType":"string","validators":{"maxLength":{"value":100},"pattern":{"value":"^lk_cs_[A-Za-z0-9_-]+$"}}},
    },
    additionalProperties: false,
  },
  'ClientName': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must not have control characters","value":"^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$"}}},
  },
  'ClientScope': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"maxLength":{"value":3000},"pattern":{"errorMsg":"must be permissions with one space in between","value":"^([A-Za-z0-9][A-Za-z0-9._:/-]*(\\u0020[A-Za-z0-9][A-Za-z0-9._:/-]*)*)?$"}}},
  },
  'CreateClientRequest': {
    dataType: 'refObject',
    properties: {
      'client_name': {"ref":"ClientName","required":true},
      'token_endpoint_auth_method': {"ref":"ClientAuthMethod"},
      'jwks': {"ref":"ClientKeySet"},
      'scope': {"ref":"ClientScope"},
      'audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"validators":{"maxItems":{"value":10}}},
      'introspection_audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"validators":{"maxItems":{"value":10}}},
      'access_token_lifetime': {"dataType":"integer","validators":{"minimum":{"value":1},"maximum":{"value":86400}}},
    },
    additionalProperties: false,
  },
  'UpdateClientRequest': {
    dataType: 'refObject',
    properties: {
      'client_name': {"ref":"ClientName"},
      'jwks': {"ref":"ClientKeySet"},
      'scope': {"ref":"ClientScope"},
      'audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"validators":{"maxItems":{"value":10}}},
      'introspection_audiences': {"dataType":"array","array":{"dataType":"refAlias","ref":"Audience"},"validators":{"maxItems":{"value":10}}},
      'access_token_lifetime': {"dataType":"integer","validators":{"minimum":{"value":1},"maximum":{"value":86400}}},
      'disabled': {"dataType":"boolean"},
    },
    additionalProperties: false,
  },
  'ClientSecret': {
    dataType: 'refObject',
    properties: {
      'client_id': {"ref":"Id","required":true},
      'client_secret': {"dataType":"string","required":true,"validators":{"maxLength":{"value":100},"pattern":{"value":"^lk_cs_[A-Za-z0-9_-]+$"}}},
    },
    additionalProperties: false,
  },
  'TokenSet': {
    dataType: 'refObject',
    properties: {
      'access_token': {"dataType":"string","required":true,"validators":{"maxLength":{"value":8192},"pattern":{"value":"^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"}}},
      'token_type': {"ref":"TokenType","required":true},
      'expires_in': {"dataType":"integer","required":true,"validators":{"minimum":{"value":0},"maximum":{"value":86400}}},
      'refresh_token': {"dataType":"string","required":true,"validators":{"maxLength":{"value":512},"pattern":{"value":"^lk_rt_[A-Za-z0-9_-]+$"}}},
      'refresh_expires_in': {"dataType":"integer","required":true,"validators":{"minimum":{"value":0},"maximum":{"value":34560000}}},
      'scope': {"dataType":"string","required":true,"validators":{"maxLength":{"value":8192},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
    },
    additionalProperties: false,
  },
  'LoginRequest': {
    dataType: 'refObject',
    properties: {
      'username': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":200},"pattern":{"errorMsg":"must not have control characters","value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'password': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":4096}}},
    },
    additionalProperties: false,
  },
  'RefreshRequest': {
    dataType: 'refObject',
    properties: {
      'refresh_token': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":512}}},
    },
    additionalProperties: false,
  },
  'LogoutRequest': {
    dataType: 'refObject',
    properties: {
      'refresh_token': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":512}}},
    },
    additionalProperties: false,
  },
  'Me': {
    dataType: 'refObject',
    properties: {
      'id': {"ref":"Id","required":true},
      'username': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      'roles': {"dataType":"array","array":{"dataType":"refAlias","ref":"RoleName"},"required":true,"validators":{"maxItems":{"value":1000}}},
      'permissions': {"dataType":"array","array":{"dataType":"refAlias","ref":"Permission"},"required":true,"validators":{"maxItems":{"value":4000}}},
      'password_change_required': {"dataType":"boolean","required":true},
      'session_id': {"ref":"Id","required":true},
      'created_at': {"dataType":"string","required":true},
      'last_login_at': {"dataType":"string"},
    },
    additionalProperties: false,
  },
  'ChangePasswordRequest': {
    dataType: 'refObject',
    properties: {
      'current_password': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":4096}}},
      'new_password': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":4096}}},
    },
    additionalProperties: false,
  },
  'CookieSession': {
    dataType: 'refObject',
    properties: {
      'expires_in': {"dataType":"integer","required":true,"validators":{"minimum":{"value":0},"maximum":{"value":86400}}},
      'refresh_expires_in': {"dataType":"integer","required":true,"validators":{"minimum":{"value":0},"maximum":{"value":34560000}}},
      'scope': {"dataType":"string","required":true,"validators":{"maxLength":{"value":8192},"pattern":{"value":"^([!#-\\[\\]-~]+(\\u0020[!#-\\[\\]-~]+)*)?$"}}},
      'access_csrf_token': {"dataType":"string","required":true,"validators":{"maxLength":{"value":64},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
      'refresh_csrf_token': {"dataType":"string","required":true,"validators":{"maxLength":{"value":64},"pattern":{"value":"^[A-Za-z0-9_-]*$"}}},
    },
    additionalProperties: false,
  },
  'ForwardAuthRequirement': {
    dataType: 'refAlias',
    type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":100},"pattern":{"errorMsg":"must begin with a letter or a digit, and have letters, digits and . _ : / - alone","value":"^[A-Za-z0-9][A-Za-z0-9._:/-]*$"}}},
  },
  'ForwardAuthQuery': {
    dataType: 'refObject',
    properties: {
      'permission': {"dataType":"array","array":{"dataType":"refAlias","ref":"ForwardAuthRequirement"},"validators":{"maxItems":{"value":20}}},
      'optional': {"dataType":"boolean","default":false},
    },
    additionalProperties: false,
  },
};

export const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/users',
    controller: UsersController,
    handler: 'listUsers',
    parameters: {
      query: {"in":"queries","name":"query","required":true,"ref":"UserQuery"},
    },
    security: [{"bearer":["users:read"]}],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/users',
    controller: UsersController,
    handler: 'createUser',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"CreateUserRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:write"]}],
    successStatus: 201,
  },
  {
    method: 'get',
    path: '/users/:id',
    controller: UsersController,
    handler: 'getUser',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
    },
    security: [{"bearer":["users:read"]}],
    successStatus: 200,
  },
  {
    method: 'patch',
    path: '/users/:id',
    controller: UsersController,
    handler: 'updateUser',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      body: {"in":"body","name":"body","required":true,"ref":"UpdateUserRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:write"]}],
    successStatus: 200,
  },
  {
    method: 'delete',
    path: '/users/:id',
    controller: UsersController,
    handler: 'deleteUser',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:write"]}],
    successStatus: 204,
  },
  {
    method: 'get',
    path: '/users/:id/sessions',
    controller: UserSessionsController,
    handler: 'listUserSessions',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      query: {"in":"queries","name":"query","required":true,"ref":"SessionQuery"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:read"]}],
    successStatus: 200,
  },
  {
    method: 'delete',
    path: '/users/:id/sessions/:sessionId',
    controller: UserSessionsController,
    handler: 'endUserSession',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      sessionId: {"in":"path","name":"sessionId","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:write"]}],
    successStatus: 204,
  },
  {
    method: 'delete',
    path: '/users/:id/sessions',
    controller: UserSessionsController,
    handler: 'endUserSessions',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["users:write"]}],
    successStatus: 204,
  },
  {
    method: 'get',
    path: '/sessions',
    controller: OwnSessionsController,
    handler: 'listSessions',
    parameters: {
      query: {"in":"queries","name":"query","required":true,"ref":"SessionQuery"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":[]}],
    successStatus: 200,
  },
  {
    method: 'delete',
    path: '/sessions/:id',
    controller: OwnSessionsController,
    handler: 'endSession',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":[]}],
    successStatus: 204,
  },
  {
    method: 'delete',
    path: '/sessions',
    controller: OwnSessionsController,
    handler: 'endOtherSessions',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":[]}],
    successStatus: 204,
  },
  {
    method: 'get',
    path: '/health/live',
    controller: HealthController,
    handler: 'getLive',
    parameters: {
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/health/ready',
    controller: HealthController,
    handler: 'getReady',
    parameters: {
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/roles',
    controller: RolesController,
    handler: 'listRoles',
    parameters: {
    },
    security: [{"bearer":["roles:read"]}],
    successStatus: 200,
  },
  {
    method: 'put',
    path: '/roles/:name',
    controller: RolesController,
    handler: 'putRole',
    parameters: {
      name: {"in":"path","name":"name","required":true,"ref":"RoleName"},
      body: {"in":"body","name":"body","required":true,"ref":"PutRoleRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      created: {"in":"res","name":"201","required":true,"ref":"Role"},
    },
    security: [{"bearer":["roles:write"]}],
    successStatus: 200,
  },
  {
    method: 'delete',
    path: '/roles/:name',
    controller: RolesController,
    handler: 'deleteRole',
    parameters: {
      name: {"in":"path","name":"name","required":true,"ref":"RoleName"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["roles:write"]}],
    successStatus: 204,
  },
  {
    method: 'get',
    path: '/revocations',
    controller: RevocationsController,
    handler: 'listRevocations',
    parameters: {
      query: {"in":"queries","name":"query","required":true,"ref":"RevocationQuery"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [{"bearer":["revocations:read"]}],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/revocations/stream',
    controller: RevocationsController,
    handler: 'followRevocations',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      lastEventId: {"in":"header","name":"Last-Event-ID","ref":"LastEventId"},
    },
    security: [{"bearer":["revocations:read"]}],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/protected',
    controller: ProtectedController,
    handler: 'getProtected',
    parameters: {
    },
    security: [{"bearer":[]}],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/oauth/token',
    controller: OAuthController,
    handler: 'exchangeGrant',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"TokenRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/oauth/introspect',
    controller: OAuthController,
    handler: 'introspectToken',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"TokenParameters"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/oauth/revoke',
    controller: OAuthController,
    handler: 'revokeToken',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"TokenParameters"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/.well-known/oauth-authorization-server',
    controller: MetadataController,
    handler: 'getOAuthMetadata',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/.well-known/openid-configuration',
    controller: MetadataController,
    handler: 'getOpenIdConfiguration',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    controller: JwksController,
    handler: 'getJwks',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/problems',
    controller: ProblemPagesController,
    handler: 'getProblemListPage',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/problems/:code',
    controller: ProblemPagesController,
    handler: 'getProblemPage',
    parameters: {
      code: {"in":"path","name":"code","required":true,"dataType":"string","validators":{"pattern":{"errorMsg":"must be a problem's code: small letters and _","value":"^[a-z_]+$"},"maxLength":{"value":64}}},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/',
    controller: LandingPageController,
    handler: 'getServiceInfo',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/openapi.json',
    controller: ContractController,
    handler: 'getOpenApi',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/openapi.yaml',
    controller: ContractController,
    handler: 'getOpenApiYaml',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/openapi-3.1.json',
    controller: ContractController,
    handler: 'getOpenApi31',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      unchanged: {"in":"res","name":"304","required":true,"dataType":"void"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/clients',
    controller: ClientsController,
    handler: 'listClients',
    parameters: {
      query: {"in":"queries","name":"query","required":true,"ref":"ClientQuery"},
    },
    security: [{"bearer":["clients:read"]}],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/clients',
    controller: ClientsController,
    handler: 'createClient',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"CreateClientRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["clients:write"]}],
    successStatus: 201,
  },
  {
    method: 'get',
    path: '/clients/:id',
    controller: ClientsController,
    handler: 'getClient',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
    },
    security: [{"bearer":["clients:read"]}],
    successStatus: 200,
  },
  {
    method: 'patch',
    path: '/clients/:id',
    controller: ClientsController,
    handler: 'updateClient',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      body: {"in":"body","name":"body","required":true,"ref":"UpdateClientRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["clients:write"]}],
    successStatus: 200,
  },
  {
    method: 'delete',
    path: '/clients/:id',
    controller: ClientsController,
    handler: 'deleteClient',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["clients:write"]}],
    successStatus: 204,
  },
  {
    method: 'post',
    path: '/clients/:id/secret',
    controller: ClientsController,
    handler: 'replaceClientSecret',
    parameters: {
      id: {"in":"path","name":"id","required":true,"ref":"Id"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":["clients:write"]}],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/login',
    controller: SessionsController,
    handler: 'login',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"LoginRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/refresh',
    controller: SessionsController,
    handler: 'refresh',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"RefreshRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/logout',
    controller: SessionsController,
    handler: 'logout',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      body: {"in":"body","name":"body","ref":"LogoutRequest"},
    },
    security: [],
    successStatus: 204,
  },
  {
    method: 'get',
    path: '/me',
    controller: MeController,
    handler: 'getMe',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":[]}],
    successStatus: 200,
  },
  {
    method: 'put',
    path: '/me/password',
    controller: MeController,
    handler: 'changePassword',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"ChangePasswordRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
      inCookies: {"in":"res","name":"204","required":true,"dataType":"void"},
    },
    security: [{"bearer":[]}],
    successStatus: 200,
  },
  {
    method: 'put',
    path: '/me/password/cookies',
    controller: MeController,
    handler: 'changePasswordWithCookies',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"ChangePasswordRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [{"bearer":[]}],
    successStatus: 200,
  },
  {
    method: 'get',
    path: '/forward-auth',
    controller: ForwardAuthController,
    handler: 'checkForwardedRequest',
    parameters: {
      query: {"in":"queries","name":"query","required":true,"ref":"ForwardAuthQuery"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/login/cookies',
    controller: CookiesController,
    handler: 'loginWithCookies',
    parameters: {
      body: {"in":"body","name":"body","required":true,"ref":"LoginRequest"},
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
  {
    method: 'post',
    path: '/refresh/cookies',
    controller: CookiesController,
    handler: 'refreshWithCookies',
    parameters: {
      request: {"in":"request","name":"request","required":true,"dataType":"object"},
    },
    security: [],
    successStatus: 200,
  },
];

export function RegisterRoutes(app: Express): void {
  mountOperations(app, {
    operations,
    models,
    validation: {"noImplicitAdditionalProperties":"throw-on-extras","bodyCoercion":false},
    authenticate: expressAuthentication,
    container: iocContainer,
  });
}
