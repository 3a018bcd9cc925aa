"""The client that openapi-generator makes with its defaults, against the real service."""

import os
from collections.abc import Iterator

import pytest
from openapi_client import (
    ApiClient,
    ApiException,
    Configuration,
    CreateUserRequest,
    LoginRequest,
    LogoutRequest,
    ProblemCode,
    ProblemDetails,
    ProtectedApi,
    SessionsApi,
    TokenSet,
    UsersApi,
)


@pytest.fixture
def client() -> Iterator[ApiClient]:
    with ApiClient(Configuration(host=os.environ["LATCHKEY_URL"])) as client:
        yield client


def log_in(client: ApiClient, who: str) -> TokenSet:
    username, password = os.environ[f"LATCHKEY_{who}_USERNAME"], os.environ[f"LATCHKEY_{who}_PASSWORD"]
    tokens = SessionsApi(client).login(LoginRequest(username=username, password=password))
    client.configuration.access_token = tokens.access_token
    return tokens


def problem_of(refused: pytest.ExceptionInfo[ApiException]) -> ProblemDetails:
    problem = refused.value.data
    assert isinstance(problem, ProblemDetails)
    assert problem.status == refused.value.status
    return problem


def test_logs_in_calls_a_protected_operation_and_logs_out(client: ApiClient) -> None:
    tokens = log_in(client, "READER")
    assert ProtectedApi(client).get_protected().message
    SessionsApi(client).logout(LogoutRequest(refresh_token=tokens.refresh_token))
    with pytest.raises(ApiException) as refused:
        ProtectedApi(client).get_protected()
    assert problem_of(refused).code is ProblemCode.INVALID_TOKEN


def test_returns_the_problem_of_a_refusal(client: ApiClient) -> None:
    with pytest.raises(ApiException) as refused:
        SessionsApi(client).login(LoginRequest(username="user-01", password="not the password"))
    assert problem_of(refused).code is ProblemCode.INVALID_CREDENTIALS
    log_in(client, "READER")
    with pytest.raises(ApiException) as refused:
        UsersApi(client).list_users()
    assert problem_of(refused).code is ProblemCode.INSUFFICIENT_SCOPE


def test_sends_parameters_and_bodies(client: ApiClient) -> None:
    log_in(client, "ADMIN")
    page = UsersApi(client).list_users(limit=2, name="user-")
    assert [user.username for user in page.items] == ["user-01", "user-02"]
    assert UsersApi(client).get_user(page.items[0].id) == page.items[0]
    with pytest.raises(ApiException) as refused:
        UsersApi(client).create_user(CreateUserRequest(username="user-01", password="long enough to pass"))
    assert problem_of(refused).code is ProblemCode.USERNAME_TAKEN
