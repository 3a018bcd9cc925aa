// Made by the build from the controllers. Change those, and run `npm run build`.
import { defineRoutes } from './../src/build.js';
import { ProtectedController } from './../src/protected/protected.controller.js';

export const routes = defineRoutes({
  root: new URL('../../', import.meta.url),
  models: {
    'ProtectedMessage': {
      dataType: 'refObject',
      properties: {
        'message': {"dataType":"string","required":true,"validators":{"maxLength":{"value":200},"pattern":{"value":"^[^\\u0000-\\u001f\\u007f]*$"}}},
      },
      additionalProperties: false,
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
  ],
  validation: {"noImplicitAdditionalProperties":"throw-on-extras","bodyCoercion":false},
});
