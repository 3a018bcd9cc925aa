package io.github.latchkey.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.latchkey.client.api.ProtectedApi;
import io.github.latchkey.client.api.RolesApi;
import io.github.latchkey.client.model.ProblemCode;
import io.github.latchkey.client.model.PutRoleRequest;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.function.Executable;

/** The real service that the tests run against, and its users. */
final class Service {
  static final String URL = System.getenv("LATCHKEY_URL");
  static final String READER = System.getenv("LATCHKEY_READER_USERNAME");
  static final String READER_PASSWORD = System.getenv("LATCHKEY_READER_PASSWORD");
  static final String USER_PASSWORD = System.getenv("LATCHKEY_USER_PASSWORD");

  private Service() {}

  static LatchkeyClient asAdmin() {
    return logIn(URL, System.getenv("LATCHKEY_ADMIN_USERNAME"), System.getenv("LATCHKEY_ADMIN_PASSWORD"));
  }

  static LatchkeyClient asReader() {
    return logIn(URL, READER, READER_PASSWORD);
  }

  /** One of user-01 to user-45, who have the role "sample". */
  static LatchkeyClient asUser(String url, String username) {
    return logIn(url, username, USER_PASSWORD);
  }

  static LatchkeyClient logIn(String url, String username, String password) {
    LatchkeyClient client = LatchkeyClient.of(url);
    client.login(username, password);
    return client;
  }

  /** Revokes the access tokens of all users with the role "sample", until they are refreshed. */
  static void revokeTokens(String... permissions) {
    asAdmin().api(RolesApi::new).putRole("sample", new PutRoleRequest().permissions(List.of(permissions)));
  }

  static void callProtected(LatchkeyClient client) {
    client.api(ProtectedApi::new).getProtected();
  }

  /** The tokens of a new login as they are shortly before they expire. */
  static Tokens expiringTokensOf(String username) {
    return withTimes(asUser(URL, username), Instant.now().minusSeconds(3600), Instant.now().plusSeconds(2));
  }

  static Tokens withTimes(LatchkeyClient client, Instant issuedAt, Instant expiresAt) {
    return withTimes(client.tokens().orElseThrow(), issuedAt, expiresAt);
  }

  static Tokens withTimes(Tokens tokens, Instant issuedAt, Instant expiresAt) {
    return new Tokens(
        tokens.accessToken(),
        tokens.refreshToken(),
        issuedAt,
        expiresAt,
        tokens.refreshExpiresAt(),
        tokens.scope());
  }

  static LatchkeyException assertRefused(int status, ProblemCode code, Executable call) {
    LatchkeyException refused = assertThrows(LatchkeyException.class, call);
    assertEquals(code, refused.code(), refused.getMessage());
    assertEquals(status, refused.status());
    assertFalse(refused.title().isEmpty());
    assertFalse(refused.detail().isEmpty());
    assertFalse(refused.requestId().isEmpty());
    return refused;
  }
}
