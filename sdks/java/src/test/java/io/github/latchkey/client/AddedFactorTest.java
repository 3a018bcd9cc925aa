package io.github.latchkey.client;

import static io.github.latchkey.client.Service.URL;
import static io.github.latchkey.client.Service.asAdmin;
import static io.github.latchkey.client.Service.assertRefused;
import static io.github.latchkey.client.Service.callProtected;
import static io.github.latchkey.client.Service.logIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.latchkey.client.api.OwnAccountApi;
import io.github.latchkey.client.api.RolesApi;
import io.github.latchkey.client.api.UsersApi;
import io.github.latchkey.client.generated.ApiClient;
import io.github.latchkey.client.model.AddPasskeyRequest;
import io.github.latchkey.client.model.CreateUserRequest;
import io.github.latchkey.client.model.PasskeyCreationOptionsRequest;
import io.github.latchkey.client.model.ProblemCode;
import io.github.latchkey.client.model.PutRoleRequest;
import io.github.latchkey.client.model.TotpCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

@Timeout(60)
@EnabledIfEnvironmentVariable(named = "LATCHKEY_URL", matches = ".+", disabledReason = "It needs a running service.")
class AddedFactorTest {
  private static final String PASSWORD = "a password for the tests";
  private static final String CONFIRM = "/me/second-factors/totp/confirm";
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  /** Changes what a role permits, which revokes the access tokens of its user. */
  private static void permit(String name, String permission) {
    asAdmin().api(RolesApi::new).putRole(name, new PutRoleRequest().permissions(List.of(permission)));
  }

  /** A new user with a role of the same name, because second factors stay. */
  private static LatchkeyClient asNewUser(String url, String name) {
    permit(name, "factors:read");
    asAdmin().api(UsersApi::new)
        .createUser(new CreateUserRequest().username(name).password(PASSWORD).roles(List.of(name)));
    return logIn(url, name, PASSWORD);
  }

  /** Begins to set up an authenticator app, and returns the code that it shows now (RFC 6238). */
  private static String beginTotp(LatchkeyClient client) throws Exception {
    String secret = client.api(OwnAccountApi::new).beginTotp().getSecret();
    StringBuilder bits = new StringBuilder();
    for (char letter : secret.toCharArray()) {
      int value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
      bits.append(Integer.toBinaryString(32 + value).substring(1));
    }
    byte[] key = new byte[bits.length() / 8];
    for (int index = 0; index < key.length; index++) {
      key[index] = (byte) Integer.parseInt(bits.substring(8 * index, 8 * index + 8), 2);
    }
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key, "HmacSHA1"));
    byte[] hash = mac.doFinal(ByteBuffer.allocate(8).putLong(Instant.now().getEpochSecond() / 30).array());
    int number = ByteBuffer.wrap(hash).getInt(hash[19] & 15) & 0x7fffffff;
    return String.format("%06d", number % 1_000_000);
  }

  /** The level that the client's tokens say. */
  private static String levelOf(LatchkeyClient client) throws IOException {
    String claims = client.tokens().orElseThrow().accessToken().split("\\.")[1];
    return new ObjectMapper().readTree(Base64.getUrlDecoder().decode(claims)).path("acr").asText();
  }

  private static void assertGoesOn(String name, Function<LatchkeyClient, List<String>> add) throws Exception {
    try (Gate gate = new Gate()) {
      LatchkeyClient client = asNewUser(gate.url(), name);
      Tokens before = client.tokens().orElseThrow();
      assertEquals("aal1", levelOf(client));
      assertEquals(10, add.apply(client).size());
      assertEquals("aal2", levelOf(client));
      gate.assertPassed("POST /refresh", 0);
      permit(name, "factors:write");
      callProtected(client);
      gate.assertPassed("POST /refresh", 1);
      assertEquals("aal2", levelOf(client));
      // The tokens before are those of a thief.
      Instant now = Instant.now();
      LatchkeyClient thief = LatchkeyClient.builder(URL).tokens(Service.withTimes(before, now, now)).build();
      assertRefused(401, ProblemCode.INVALID_REFRESH_TOKEN, () -> callProtected(thief));
    }
  }

  /** The code that a client has begun to set up, where a lambda may not throw what is checked. */
  private static String codeFor(LatchkeyClient client) {
    try {
      return beginTotp(client);
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  @Test
  void aConfirmedAuthenticatorApp() throws Exception {
    assertGoesOn("java-confirms", client -> {
      String code = codeFor(client);
      return client.confirmTotp(code.substring(0, 3) + " " + code.substring(3));
    });
  }

  @Test
  void anOperationOfTheContract() throws Exception {
    assertGoesOn("java-calls", client ->
        client.api(OwnAccountApi::new).confirmTotp(new TotpCode().code(codeFor(client))).getRecoveryCodes());
  }

  @Test
  void aRequestOfOnesOwn() throws Exception {
    LatchkeyClient client = asNewUser(URL, "java-sends");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(URL + CONFIRM))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"code\": \"" + beginTotp(client) + "\"}"))
            .build();
    HttpResponse<String> response = client.httpClient().sendAsync(request, BodyHandlers.ofString()).get();
    assertEquals(200, response.statusCode(), response.body());
    assertTrue(response.body().contains(client.tokens().orElseThrow().refreshToken()));
    assertEquals("aal2", levelOf(client));
  }

  @Test
  void aPasskey() throws Exception {
    assertGoesOn("java-passkey", client -> {
      OwnAccountApi account = client.api(OwnAccountApi::new);
      try {
        String challenge = account.createPasskeyOptions(new PasskeyCreationOptionsRequest()).getChallenge();
        AddPasskeyRequest request =
            ApiClient.createDefaultObjectMapper().readValue(registration(challenge), AddPasskeyRequest.class);
        return account.addPasskey(request).getRecoveryCodes();
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    });
  }

  /** What a browser makes without attestation, which nobody signs. */
  private static String registration(String challenge) throws Exception {
    byte[] id = new byte[16];
    new SecureRandom().nextBytes(id);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.write(MessageDigest.getInstance("SHA-256").digest("localhost".getBytes(StandardCharsets.UTF_8)));
    data.write(0x45);
    data.write(new byte[21]);
    data.write(id.length);
    data.write(id);
    // A key of ES256, which is any point of its curve.
    data.write(HexFormat.of().parseHex("a5010203262001"
        + "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        + "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));
    ByteArrayOutputStream attestation = new ByteArrayOutputStream();
    attestation.write("\u00a3\u0063fmt\u0064none\u0067attStmt\u00a0\u0068authData\u0058".getBytes(StandardCharsets.ISO_8859_1));
    attestation.write(data.size());
    attestation.write(data.toByteArray());
    String clientData =
        "{\"type\":\"webauthn.create\",\"challenge\":\"" + challenge + "\",\"origin\":\"http://localhost:8080\"}";
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    return """
        {"credential": {"id": "%1$s", "rawId": "%1$s", "type": "public-key",
         "response": {"clientDataJSON": "%2$s", "attestationObject": "%3$s"}}}
        """
        .formatted(
            base64.encodeToString(id),
            base64.encodeToString(clientData.getBytes(StandardCharsets.UTF_8)),
            base64.encodeToString(attestation.toByteArray()));
  }

  /** A gate at which the response to a code waits until it is released; access tokens are refused meanwhile. */
  private static final class HeldConfirmation implements AutoCloseable {
    final CountDownLatch confirmed = new CountDownLatch(1);
    final CountDownLatch refused = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);
    final Gate gate;
    final LatchkeyClient client;
    final String code;

    HeldConfirmation(String name) throws Exception {
      gate = new Gate((exchange, self) -> {
        String path = exchange.getRequestURI().getPath();
        if (path.equals("/protected") && confirmed.getCount() == 0 && released.getCount() > 0) {
          self.forward(exchange, "Bearer of.no.use");
          refused.countDown();
        } else if (path.equals(CONFIRM)) {
          self.forward(exchange, () -> {
            confirmed.countDown();
            released.await();
          });
        } else {
          self.forward(exchange);
        }
      });
      client = asNewUser(gate.url(), name);
      code = beginTotp(client);
    }

    @Override
    public void close() {
      released.countDown();
      gate.close();
    }
  }

  @Test
  void noRefreshMeanwhile() throws Exception {
    try (HeldConfirmation held = new HeldConfirmation("java-holds")) {
      Future<List<String>> confirmed = threads.submit(() -> held.client.confirmTotp(held.code));
      held.confirmed.await();
      Future<?> call = threads.submit(() -> callProtected(held.client));
      held.refused.await();
      held.released.countDown();
      assertEquals(10, confirmed.get().size());
      call.get();
      held.gate.assertPassed("POST /refresh", 0);
      assertEquals("aal2", levelOf(held.client));
    }
  }

  @Test
  void aThreadThatIsInterrupted() throws Exception {
    try (HeldConfirmation held = new HeldConfirmation("java-interrupts")) {
      Future<List<String>> confirmed = threads.submit(() -> held.client.confirmTotp(held.code));
      held.confirmed.await();
      confirmed.cancel(true);
      held.released.countDown();
      // Another exchange waits until that one has ended.
      held.client.changePassword(PASSWORD, "another one for the tests");
      assertEquals("aal2", levelOf(held.client));
      assertTrue(confirmed.isCancelled());
    }
  }

  @Test
  void aServiceThatIsAway() throws Exception {
    LatchkeyClient client;
    try (Gate gate = new Gate((exchange, self) -> {
      if (!exchange.getRequestURI().getPath().equals(CONFIRM)) {
        self.forward(exchange); // otherwise the connection breaks
      }
    })) {
      client = asNewUser(gate.url(), "java-away");
      Tokens before = client.tokens().orElseThrow();
      assertThrows(RuntimeException.class, () -> client.confirmTotp("000000"));
      assertEquals(before, client.tokens().orElseThrow());
      permit("java-away", "factors:write");
      callProtected(client); // a refresh is not held up
    }
  }

  @Test
  void aRefusedCodeKeepsTheTokens() throws Exception {
    LatchkeyClient client = asNewUser(URL, "java-refused");
    String code = beginTotp(client);
    Tokens before = client.tokens().orElseThrow();
    assertRefused(403, ProblemCode.WRONG_SECOND_FACTOR, () -> client.confirmTotp("000 000"));
    assertEquals(before, client.tokens().orElseThrow());
    permit("java-refused", "factors:write"); // the next code is sent again after a refresh
    client.confirmTotp(code);
    assertEquals("aal2", levelOf(client));
  }
}
