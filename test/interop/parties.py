"""What others do with Latchkey: PyJWT as a resource server, Authlib as an OAuth client.

python parties.py <check> reads a JSON object from stdin, and prints what the check found as JSON.
"""

import json
import os
import sys

# The service listens on plain HTTP here, as it does behind a proxy.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749 import OAuth2Token
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc.jwk import ECKey


def validate(service, token, audience, **_):
    """A resource server with PyJWT, which fetches the keys by itself."""
    key = jwt.PyJWKClient(f"{service}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    issuer = metadata_of(service)["issuer"]
    return jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=issuer)


def metadata(service, **_):
    """All that Authlib knows to check of the metadata, but for a list that it wants not to be empty."""
    found = AuthorizationServerMetadata(metadata_of(service))
    errors = []
    for key in found.REGISTRY_KEYS:
        try:
            getattr(found, f"validate_{key}")()
        except ValueError as error:
            errors.append(str(error))
    return errors


def client_credentials(service, client, method, **wish):
    session = session_of(service, client, method)
    return session.fetch_token(endpoint(service, "token"), grant_type="client_credentials", **wish)


def refresh(service, refresh_token, **_):
    """The public client that users' tokens belong to."""
    session = OAuth2Session("latchkey", token_endpoint_auth_method="none")
    session.token = OAuth2Token({"refresh_token": refresh_token})
    return session.refresh_token(endpoint(service, "token"))


def introspect(service, client, method, token, **_):
    session = session_of(service, client, method)
    return session.introspect_token(endpoint(service, "introspection"), token=token).json()


def revoke(service, client, method, token, **_):
    session = session_of(service, client, method)
    response = session.revoke_token(endpoint(service, "revocation"), token=token)
    return {"status": response.status_code, "text": response.text}


def session_of(service, client, method):
    secret = client["secret"]
    if method == "private_key_jwt":
        secret = ECKey.import_key(secret)
    session = OAuth2Session(
        client["id"],
        secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )
    # The name that the service goes by, which is not the address that it listens on. By itself Authlib makes assertions for
    # the token endpoint, as RFC 7523 suggests: LATCHKEY_CLIENT_ASSERTION_AUDIENCE=rfc7523 takes those.
    found = metadata_of(service)
    session.register_client_auth_method(
        PrivateKeyJWT(found["token_endpoint"], claims={"aud": found["issuer"]}, alg="ES256")
    )
    return session


def metadata_of(service):
    return requests.get(f"{service}/.well-known/oauth-authorization-server", timeout=10).json()


def endpoint(service, name):
    found = metadata_of(service)
    return found[f"{name}_endpoint"].replace(found["issuer"], service)


checks = [validate, metadata, client_credentials, refresh, introspect, revoke]
check = {each.__name__: each for each in checks}[sys.argv[1]]
print(json.dumps(check(**json.load(sys.stdin))))
