import pytest

from latchkey_guard import Guard
from latchkey_guard.locations import IncomingRequest, TokenLocations, csrf_value


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "__Host-access_token_cookie"),
        ({"JWT_COOKIE_DOMAIN": "example.com"}, "__Secure-access_token_cookie"),
        ({"JWT_ACCESS_COOKIE_PATH": "/api"}, "__Secure-access_token_cookie"),
        ({"JWT_COOKIE_SECURE": "false"}, "access_token_cookie"),
        ({"JWT_ACCESS_COOKIE_NAME": "__Host-a"}, "__Host-a"),
    ],
)
def test_names_the_cookie_as_the_service_does(settings, name):
    assert TokenLocations.from_settings(settings).cookie_name == name


def test_takes_settings_as_texts_and_as_values():
    texts = {"JWT_TOKEN_LOCATION": "cookies, headers", "JWT_COOKIE_CSRF_PROTECT": "false", "JWT_HEADER_TYPE": "none"}
    values = {"JWT_TOKEN_LOCATION": ["cookies", "headers"], "JWT_COOKIE_CSRF_PROTECT": False, "JWT_HEADER_TYPE": ""}
    assert TokenLocations.from_settings(texts) == TokenLocations.from_settings(values)
    assert TokenLocations.from_settings(texts).csrf_methods == ()


def test_says_all_that_cannot_be_used(issuer):
    settings = {
        "JWT_TOKEN_LOCATION": "json",
        "JWT_HEADER_NAME": "a b",
        "JWT_COOKIE_SECURE": "perhaps",
        "JWT_CSRF_METHODS": "POST,,PUT",
    }
    with pytest.raises(ValueError) as caught:
        Guard(**issuer.options, settings=settings)
    for name in settings:
        assert name in str(caught.value)


def test_finds_the_token_in_the_first_place_that_has_one():
    locations = TokenLocations.from_settings({"JWT_TOKEN_LOCATION": "query_string,cookies,headers"})

    def request(query=(), cookie=None, header=None):
        headers = {"Cookie": cookie, "Authorization": header}
        return IncomingRequest("GET", headers.get, lambda name: query if name == "jwt" else ())

    cookie = "__Host-access_token_cookie=b"
    assert locations.find(request(["a"], cookie, "Bearer c")) == "a"
    assert locations.find(request([], cookie, "Bearer c")) == "b"
    assert locations.find(request([], "other=b", "Bearer c")) == "c"
    assert locations.find(request()) is None
    first = "x=y; __Host-access_token_cookie=1; __Host-access_token_cookie=2"
    assert locations.find(request([], first)) == "1"


def test_derives_the_csrf_value_as_the_service_does():
    # SHA-256 of "latchkey csrf a.b.c", in base64url.
    assert csrf_value("a.b.c") == "0_g4Th1TDGgIyqkuC5Dgn9CSDSR50teXU14aiPe-wks"
