import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findSettingWarnings } from '../../src/config/config.js';
import { settings, type Setting } from '../../src/config/settings.js';
import { checkout } from '../support/checkout.js';

/** Flask-JWT-Extended 4.7.4. */
const theirs = {
  options: `JWT_ACCESS_COOKIE_NAME JWT_ACCESS_COOKIE_PATH JWT_ACCESS_CSRF_COOKIE_NAME JWT_ACCESS_CSRF_COOKIE_PATH
    JWT_ACCESS_CSRF_FIELD_NAME JWT_ACCESS_CSRF_HEADER_NAME JWT_ACCESS_TOKEN_EXPIRES JWT_ALGORITHM
    JWT_COOKIE_CSRF_PROTECT JWT_COOKIE_DOMAIN JWT_COOKIE_SAMESITE JWT_COOKIE_SECURE JWT_CSRF_CHECK_FORM
    JWT_CSRF_IN_COOKIES JWT_CSRF_METHODS JWT_DECODE_ALGORITHMS JWT_DECODE_AUDIENCE JWT_DECODE_ISSUER
    JWT_DECODE_LEEWAY JWT_ENCODE_AUDIENCE JWT_ENCODE_ISSUER JWT_ENCODE_NBF JWT_ERROR_MESSAGE_KEY JWT_HEADER_NAME
    JWT_HEADER_TYPE JWT_IDENTITY_CLAIM JWT_JSON_KEY JWT_PRIVATE_KEY JWT_PUBLIC_KEY JWT_QUERY_STRING_NAME
    JWT_QUERY_STRING_VALUE_PREFIX JWT_REFRESH_COOKIE_NAME JWT_REFRESH_COOKIE_PATH JWT_REFRESH_CSRF_COOKIE_NAME
    JWT_REFRESH_CSRF_COOKIE_PATH JWT_REFRESH_CSRF_FIELD_NAME JWT_REFRESH_CSRF_HEADER_NAME JWT_REFRESH_JSON_KEY
    JWT_REFRESH_TOKEN_EXPIRES JWT_SECRET_KEY JWT_SESSION_COOKIE JWT_TOKEN_LOCATION JWT_VERIFY_SUB`,
  loaders: `additional_claims_loader additional_headers_loader decode_key_loader encode_key_loader
    expired_token_loader invalid_token_loader needs_fresh_token_loader revoked_token_loader
    token_in_blocklist_loader token_verification_failed_loader token_verification_loader unauthorized_loader
    user_identity_loader user_lookup_error_loader user_lookup_loader`,
  arguments: 'fresh locations optional refresh skip_revocation_check verify_type',
  functions: `JWTManager create_access_token create_refresh_token current_user decode_token get_csrf_token
    get_current_user get_jti get_jwt get_jwt_header get_jwt_identity get_jwt_request_location
    get_unverified_jwt_headers jwt_required set_access_cookies set_refresh_cookies unset_access_cookies
    unset_jwt_cookies unset_refresh_cookies verify_jwt_in_request`,
};
const sorted = (names: readonly string[]): string[] => [...names].sort();

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** The rows of a Markdown text's tables whose first cell is a name. */
function tablesOf(text: string): Row[][] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const rows = block.split('\n').flatMap((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      const name = /^`(\w+)`$/.exec(cells[0] ?? '')?.[1];
      return name === undefined ? [] : [{ name, cells }];
    });
    return rows.length > 0 ? [rows] : [];
  });
}

const document = readFileSync(join(checkout, 'docs/flask-jwt-extended.md'), 'utf8');
const [options = [], loaders = [], parameters = [], functions = [], ...others] = tablesOf(document);
const known = new Map(Object.values<Setting<unknown>>(settings).map((setting) => [setting.name, setting]));

describe('docs/flask-jwt-extended.md', () => {
  it('has each option, loader, argument and function once', () => {
    expect(others).to.deep.equal([]);
    for (const [rows, names] of [
      [options, theirs.options],
      [loaders, theirs.loaders],
      [parameters, theirs.arguments],
      [functions, theirs.functions],
    ] as const) {
      expect(sorted(rows.map(({ name }) => name))).to.deep.equal(sorted(names.split(/\s+/)));
    }
    expect(options).to.have.length(43);
  });

  for (const { name, cells } of options) {
    const setting = known.get(name);
    if (setting) {
      it(`says that ${name} is a setting, and its default`, () => {
        expect(cells[1]).to.match(/^the setting of the same name/);
        expect(cells[2]).to.equal(
          setting.defaultInWords ?? (setting.default === undefined ? 'none' : `\`${setting.default}\``),
        );
      });
    } else {
      it(`says that ${name} is not a setting, as the start of the service does`, () => {
        expect(cells[1]).to.match(/^no setting/);
        expect(cells[2]).to.equal('none');
        expect(findSettingWarnings({ [name]: 'x' })[0]).to.include(
          `${name} is not a setting here and is ignored: `,
        );
      });
    }
  }

  it('names existing tests in every row', () => {
    for (const { name, cells } of [...options, ...loaders, ...parameters, ...functions]) {
      const files = [...(cells.at(-1) ?? '').matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file ?? '');
      expect(files, name).not.to.deep.equal([]);
      for (const file of files) expect(existsSync(join(checkout, file)), `${name}: ${file}`).to.be.true;
    }
  });
});

describe('docs/hooks.md', () => {
  it('shows the example that the tests run', () => {
    const example = (file: string): string | undefined =>
      /Hooks = \{\n(.*?)\n\};/s.exec(readFileSync(join(checkout, file), 'utf8'))?.[1];
    expect(example('docs/hooks.md')).to.be.a('string').and.equal(example('test/hooks.test.ts'));
  });
});
