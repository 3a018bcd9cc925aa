// Made by the build from the controllers. Change those, and run `npm run build`.
import { defineRoutes } from './../src/build.js';
import { ProtectedController } from './../src/protected/protected.controller.js';
import { AuditController } from './../src/audit-feed/audit.controller.js';

export const routes = defineRoutes({
  root: new URL('../../', import.meta.url),
  models: {
    'Id': {
      dataType: 'refAlias',
      type: {"dataType":"string","validators":{"pattern":{"errorMsg":"must be a UUID","value":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},"maxLength":{"value":36}}},
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
    'Cursor': {
      dataType: 'refAlias',
      type: {"dataType":"string","validators":{"pattern":{"value":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},"maxLength":{"value":36}}},
    },
    'ProtectedMessage': {
      dataType: 'refObject',
      properties: {
        'message': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      },
      additionalProperties: false,
    },
    'AuditActorKind': {
      dataType: 'refEnum',
      enums: ["user","client","operator","service"],
    },
    'AuditName': {
      dataType: 'refAlias',
      type: {"dataType":"string","validators":{"maxLength":{"value":1000},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
    },
    'AuditActor': {
      dataType: 'refObject',
      properties: {
        'kind': {"ref":"AuditActorKind"},
        'id': {"ref":"Id"},
        'name': {"ref":"AuditName"},
      },
      additionalProperties: false,
    },
    'AuditSubjectId': {
      dataType: 'refAlias',
      type: {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":255},"pattern":{"errorMsg":"must have no control characters","value":"^[^\\u0000-\\u001f\\u007f]+$"}}},
    },
    'AuditTarget': {
      dataType: 'refObject',
      properties: {
        'kind': {"dataType":"string","validators":{"maxLength":{"value":50},"pattern":{"value":"^[a-z_]+$"}}},
        'id': {"ref":"AuditSubjectId","required":true},
        'name': {"ref":"AuditName"},
      },
      additionalProperties: false,
    },
    'AuditDetails': {
      dataType: 'refObject',
      properties: {
      },
      additionalProperties: {"dataType":"any"},
    },
    'AuditEntry': {
      dataType: 'refObject',
      properties: {
        'id': {"ref":"Id","required":true},
        'at': {"dataType":"string","required":true},
        'event': {"dataType":"string","required":true,"validators":{"minLength":{"value":1},"maxLength":{"value":50},"pattern":{"value":"^[a-z_]+$"}}},
        'actor': {"ref":"AuditActor"},
        'target': {"ref":"AuditTarget"},
        'session_id': {"ref":"Id"},
        'address': {"dataType":"string","validators":{"maxLength":{"value":255},"pattern":{"value":"^[0-9A-Za-z.:%/_-]*$"}}},
        'user_agent': {"dataType":"string","validators":{"maxLength":{"value":255},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
        'request_id': {"dataType":"string","validators":{"maxLength":{"value":200},"pattern":{"value":"^[!-~]*$"}}},
        'details': {"ref":"AuditDetails"},
        'count': {"dataType":"long","required":true,"validators":{"minimum":{"value":1},"maximum":{"value":9007199254740991}}},
        'last_at': {"dataType":"string"},
        'sequence': {"dataType":"long","validators":{"minimum":{"value":1},"maximum":{"value":9007199254740991}}},
        'hash': {"dataType":"string","validators":{"minLength":{"value":64},"maxLength":{"value":64},"pattern":{"value":"^[0-9a-f]{64}$"}}},
      },
      additionalProperties: false,
    },
    'AuditPage': {
      dataType: 'refObject',
      properties: {
        'items': {"dataType":"array","array":{"dataType":"refObject","ref":"AuditEntry"},"required":true,"validators":{"maxItems":{"value":200}}},
        'next_cursor': {"ref":"Cursor"},
      },
      additionalProperties: false,
    },
    'AuditOrderName': {
      dataType: 'refEnum',
      enums: ["newest","oldest"],
    },
    'AuditQuery': {
      dataType: 'refObject',
      properties: {
        'event': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":50},"pattern":{"errorMsg":"must be the name of an event","value":"^[a-z_]+$"}}},
        'actor': {"ref":"AuditSubjectId"},
        'target': {"ref":"AuditSubjectId"},
        'address': {"dataType":"string","validators":{"minLength":{"value":1},"maxLength":{"value":255},"pattern":{"errorMsg":"must be an IP address","value":"^[0-9A-Za-z.:%/_-]+$"}}},
        'from': {"dataType":"string","validators":{"maxLength":{"value":35},"pattern":{"errorMsg":"must be a time such as 2026-11-24T09:00:00Z","value":"^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$"}}},
        'to': {"dataType":"string","validators":{"maxLength":{"value":35},"pattern":{"errorMsg":"must be a time such as 2026-11-24T09:00:00Z","value":"^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$"}}},
        'order': {"ref":"AuditOrderName"},
        'limit': {"dataType":"integer","default":50,"validators":{"minimum":{"value":1},"maximum":{"value":200}}},
        'cursor': {"ref":"Cursor"},
      },
      additionalProperties: false,
    },
    'AuditEventId': {
      dataType: 'refAlias',
      type: {"dataType":"string","validators":{"maxLength":{"value":40},"pattern":{"errorMsg":"must be the id of an event, or 0","value":"^(0|[1-9][0-9]{0,15}-[0-9a-f]{16})$"}}},
    },
  },
  operations: [
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
      method: 'get',
      path: '/audit',
      controller: AuditController,
      handler: 'listAudit',
      parameters: {
        query: {"in":"queries","name":"query","required":true,"ref":"AuditQuery"},
      },
      security: [{"bearer":["audit:read"]}],
      successStatus: 200,
    },
    {
      method: 'get',
      path: '/audit/stream',
      controller: AuditController,
      handler: 'followAudit',
      parameters: {
        request: {"in":"request","name":"request","required":true,"dataType":"object"},
        lastEventId: {"in":"header","name":"Last-Event-ID","ref":"AuditEventId"},
      },
      security: [{"bearer":["audit:read"]}],
      successStatus: 200,
    },
  ],
  validation: {"noImplicitAdditionalProperties":"throw-on-extras","bodyCoercion":false},
});
