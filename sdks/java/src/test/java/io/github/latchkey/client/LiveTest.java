package io.github.latchkey.client;

import static io.github.latchkey.client.Service.URL;
import static io.github.latchkey.client.Service.asAdmin;
import static io.github.latchkey.client.Service.asReader;
import static io.github.latchkey.client.Service.asUser;
import static io.github.latchkey.client.Service.assertRefused;
import static io.github.latchkey.client.Service.callProtected;
import static io.github.latchkey.client.Service.logIn;
import static io.github.latchkey.client.Service.revokeTokens;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.latchkey.client.api.OAuthApi;
import io.github.latchkey.client.api.ProtectedApi;
import io.github.latchkey.client.api.ReportsApi;
import io.github.latchkey.client.api.UsersApi;
import io.github.latchkey.client.api.UsersApi.APIListUsersRequest;
import io.github.latchkey.client.generated.ApiException;
import io.github.latchkey.client.model.CreateUserRequest;
import io.github.latchkey.client.model.OAuthErrorCode;
import io.github.latchkey.client.model.ProblemCode;
import io.github.latchkey.client.model.Report;
import io.github.latchkey.client.model.UpdateUserRequest;
import io.github.latchkey.client.model.User;
import io.github.latchkey.client.model.UserPage;
import io.github.latchkey.example.Example;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

@EnabledIfEnvironmentVariable(named = "LATCHKEY_URL", matches = ".+", disabledReason = "It needs a running service.")
class LiveTest {
  @Test
  void loginOpensProtectedOperations() {
    LatchkeyClient client = asReader();
    assertFalse(client.api(ProtectedApi::new).getProtected().getMessage().isEmpty());
    Tokens tokens = client.tokens().orElseThrow();
    assertTrue(tokens.expiresAt().isBefore(tokens.refreshExpiresAt()));
    assertFalse(tokens.toString().contains(tokens.refreshToken()));
  }

  @Test
  void aWrongPassword() {
    LatchkeyClient client = LatchkeyClient.of(URL);
    assertRefused(401, ProblemCode.INVALID_CREDENTIALS, () -> client.login("user-01", "not the password"));
    assertTrue(client.tokens().isEmpty());
  }

  @Test
  void tooManyFailedLogins() {
    LatchkeyClient client = LatchkeyClient.of(URL);
    LatchkeyException last = null;
    for (int i = 0; i < 10 && (last == null || last.code() != ProblemCode.TOO_MANY_ATTEMPTS); i++) {
      last = assertThrows(LatchkeyException.class, () -> client.login("user-02", "not the password"));
    }
    assertEquals(429, last.status());
    assertTrue(last.retryAfter().orElseThrow().toSeconds() > 0);
  }

  @Test
  void withoutALogin() {
    assertRefused(401, ProblemCode.AUTHENTICATION_REQUIRED, () -> callProtected(LatchkeyClient.of(URL)));
  }

  @Test
  void withoutThePermission() {
    UsersApi users = asReader().api(UsersApi::new);
    assertRefused(403, ProblemCode.INSUFFICIENT_SCOPE, () -> users.listUsers(APIListUsersRequest.newBuilder().build()));
  }

  @Test
  void refusedFields() {
    UsersApi users = asAdmin().api(UsersApi::new);
    CreateUserRequest request = new CreateUserRequest().username("new").password("short");
    LatchkeyException refused =
        assertRefused(422, ProblemCode.VALIDATION_FAILED, () -> users.createUser(request));
    assertFalse(refused.errors().isEmpty());
    assertTrue(refused.errors().keySet().stream().allMatch(field -> field.contains("password")));
  }

  @Test
  void oauthErrors() {
    OAuthApi oauth = LatchkeyClient.of(URL).api(OAuthApi::new);
    LatchkeyException refused =
        assertThrows(
            LatchkeyException.class,
            () ->
                oauth.exchangeGrant(
                    "client_credentials", UUID.randomUUID().toString(), "wrong", null, null, null, null, List.of()));
    assertEquals(401, refused.status());
    assertEquals(OAuthErrorCode.INVALID_CLIENT, refused.oauthCode().orElseThrow());
    assertEquals(ProblemCode.UNKNOWN_DEFAULT_OPEN_API, refused.code());
    assertFalse(refused.detail().isEmpty());
  }

  @Test
  void allPagesOfUsers() {
    UsersApi users = asAdmin().api(UsersApi::new);
    List<String> names = new ArrayList<>();
    int pages = 0;
    String cursor = null;
    do {
      UserPage page = users.listUsers(APIListUsersRequest.newBuilder().limit(10).cursor(cursor).build());
      page.getItems().forEach(user -> names.add(user.getUsername()));
      cursor = page.getNextCursor();
      pages++;
    } while (cursor != null);
    assertTrue(pages >= 5, () -> names.size() + " users");
    assertEquals(new HashSet<>(names).size(), names.size());
    assertTrue(names.containsAll(List.of("user-01", "user-45")));
  }

  @Test
  void aFileIsSentToAnApiThatIsBuiltOnTheService(@TempDir Path folder) throws Exception {
    revokeTokens("samples:read");
    LatchkeyClient client = asUser(URL, "user-30");
    revokeTokens("samples:read", "samples:file"); // it is sent again after a refresh
    ReportsApi reports = client.api(ReportsApi::new);
    Path file = Files.writeString(folder.resolve("jül.txt"), "All is well.");
    Report report = reports.addReport(file.toFile(), "Jül 一");
    assertEquals("Jül 一", report.getTitle());
    assertEquals("jül.txt", report.getFileName());
    assertEquals("All is well.", report.getText());
    assertTrue(reports.listReports().getItems().contains(report));
    Path gif = Files.writeString(folder.resolve("a.gif"), "GIF");
    LatchkeyException refused =
        assertRefused(
            415, ProblemCode.UNSUPPORTED_MEDIA_TYPE, () -> reports.addReport(gif.toFile(), "August"));
    assertEquals("The file \"file\" is image/gif. It may be text/plain.", refused.detail());
  }

  @Test
  void aStreamIsFollowed() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(URL + "/revocations/stream")).build();
    try (Stream<String> lines = asAdmin().httpClient().send(request, BodyHandlers.ofLines()).body()) {
      String complete =
          lines.filter(line -> line.startsWith("data:") && line.contains("\"complete\":true")).findFirst().orElseThrow();
      assertTrue(complete.contains("\"items\":"));
    }
  }

  @Test
  void anUpdateChangesWhatItNames() {
    UsersApi users = asAdmin().api(UsersApi::new);
    User user = users.listUsers(APIListUsersRequest.newBuilder().name("user-06").build()).getItems().get(0);
    assertEquals(List.of("sample"), user.getRoles());
    User updated = users.updateUser(user.getId(), new UpdateUserRequest().disabled(true));
    assertTrue(updated.getDisabled());
    assertEquals(List.of("sample"), updated.getRoles());
    assertEquals(List.of(), users.updateUser(user.getId(), new UpdateUserRequest().roles(List.of())).getRoles());
  }

  @Test
  void changeOfPassword() {
    String password = "correct horse battery staple";
    LatchkeyClient client = asUser(URL, "user-03");
    Tokens before = client.tokens().orElseThrow();
    assertRefused(403, ProblemCode.WRONG_PASSWORD, () -> client.changePassword("not the password", password));
    Tokens after = client.changePassword(Service.USER_PASSWORD, password);
    assertEquals(after, client.tokens().orElseThrow());
    assertNotEquals(before, after);
    callProtected(client);
    logIn(URL, "user-03", password);
  }

  @Test
  void logout() {
    LatchkeyClient client = asUser(URL, "user-04");
    Tokens tokens = client.tokens().orElseThrow();
    client.logout();
    assertTrue(client.tokens().isEmpty());
    assertRefused(401, ProblemCode.AUTHENTICATION_REQUIRED, () -> callProtected(client));
    client.logout();

    LatchkeyClient copied = LatchkeyClient.builder(URL).tokens(tokens).build();
    assertRefused(401, ProblemCode.INVALID_REFRESH_TOKEN, () -> callProtected(copied));
  }

  @Test
  void logoutWhileTheServiceIsAway() throws Exception {
    LatchkeyClient client;
    try (Gate gate = new Gate()) {
      client = asUser(gate.url(), "user-05");
    }
    ApiException away = assertThrows(ApiException.class, client::logout);
    assertFalse(away instanceof LatchkeyException);
    assertTrue(client.tokens().isEmpty());
  }

  @Test
  void example() {
    PrintStream stdout = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true));
    try {
      Example.main(new String[0]);
    } finally {
      System.setOut(stdout);
    }
    assertTrue(printed.toString().contains("Refused: 403 insufficient_scope: "), printed::toString);
  }
}
