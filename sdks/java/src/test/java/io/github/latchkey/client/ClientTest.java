package io.github.latchkey.client;

import static io.github.latchkey.client.Service.callProtected;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.github.latchkey.client.api.SessionsApi;
import io.github.latchkey.client.model.ProblemCode;
import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that need no service, with a server that simulates a proxy between a client and the service. */
class ClientTest {
  @Test
  void theVersionIsThatOfTheContract() throws Exception {
    File document = new File(System.getProperty("test.document"));
    String version = new ObjectMapper().readTree(document).path("info").path("version").asText();
    assertEquals(version, LatchkeyClient.VERSION);
    assertEquals(version, System.getProperty("test.version"), "pom.xml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "login.example.com", "/api", "ftp://login.example.com", "http://", "http://%"})
  void baseUrls(String baseUrl) {
    assertThrows(IllegalArgumentException.class, () -> LatchkeyClient.of(baseUrl));
  }

  @Test
  void errorsWithoutAProblem() throws Exception {
    try (Gate proxy = new Gate((exchange, self) -> {
      assertEquals("/behind/a/path/protected", exchange.getRequestURI().getPath());
      assertEquals("latchkey-java/" + LatchkeyClient.VERSION, exchange.getRequestHeaders().getFirst("User-Agent"));
      exchange.getResponseHeaders().set("Retry-After", "7");
      Gate.respond(exchange, 503, "text/html", "<html>Be right back</html>");
    })) {
      LatchkeyClient client = LatchkeyClient.of(proxy.url() + "/behind/a/path/");
      LatchkeyException refused = assertThrows(LatchkeyException.class, () -> callProtected(client));
      assertEquals(503, refused.status());
      assertEquals("503", refused.getMessage());
      assertEquals(ProblemCode.UNKNOWN_DEFAULT_OPEN_API, refused.code());
      assertEquals(Optional.of(Duration.ofSeconds(7)), refused.retryAfter());
      assertEquals("<html>Be right back</html>", refused.getResponseBody());
      assertTrue(refused.isUnexpected());
    }
  }

  @Test
  void aResponseOfAnotherServer() throws Exception {
    try (Gate proxy = new Gate((exchange, self) ->
        Gate.respond(exchange, 200, "text/html; charset=utf-8", "<html>Welcome</html>"))) {
      LatchkeyClient client = LatchkeyClient.of(proxy.url());
      // endOtherSessions has no body: it must not pass for done.
      for (Executable call : List.<Executable>of(
          () -> client.login("ada", "secret"),
          () -> callProtected(client),
          () -> client.api(SessionsApi::new).endOtherSessions())) {
        LatchkeyException unexpected = assertThrows(LatchkeyException.class, call);
        assertTrue(unexpected.isUnexpected());
        assertEquals(200, unexpected.status());
        assertEquals("<html>Welcome</html>", unexpected.getResponseBody());
        assertTrue(unexpected.getMessage().contains("Is the base URL right?"), unexpected.getMessage());
      }
    }
  }

  @Test
  void aCodeThatIsNewerThanThisClient() throws Exception {
    try (Gate newer = new Gate((exchange, self) ->
        Gate.respond(exchange, 418, "application/problem+json", "{\"code\":\"is_teapot\",\"title\":\"Teapot\"}"))) {
      LatchkeyClient client = LatchkeyClient.of(newer.url());
      LatchkeyException refused = assertThrows(LatchkeyException.class, () -> callProtected(client));
      assertEquals(ProblemCode.UNKNOWN_DEFAULT_OPEN_API, refused.code());
      assertFalse(refused.isUnexpected());
      assertEquals("418 is_teapot: Teapot", refused.getMessage());
    }
  }

  @Test
  void tokensAreStoredAsJson() throws Exception {
    ObjectMapper json = new ObjectMapper().registerModule(new JavaTimeModule());
    Tokens tokens = new Tokens("a", "r", Instant.now(), Instant.now().plusSeconds(8), Instant.now().plusSeconds(9), "a:read");
    Tokens stored = json.readValue(json.writeValueAsString(tokens), Tokens.class);
    assertEquals(tokens, stored);
    LatchkeyClient client = LatchkeyClient.builder("https://login.example.com").tokens(stored).build();
    assertEquals(Optional.of(tokens), client.tokens());
    assertTrue(LatchkeyClient.of("https://login.example.com").tokens().isEmpty());
  }
}
