package io.github.latchkey.client;

import static io.github.latchkey.client.Service.URL;
import static io.github.latchkey.client.Service.asUser;
import static io.github.latchkey.client.Service.assertRefused;
import static io.github.latchkey.client.Service.callProtected;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.latchkey.client.api.ReportsApi;
import io.github.latchkey.client.api.SessionsApi;
import io.github.latchkey.client.model.PasskeyLoginOptionsRequest;
import io.github.latchkey.client.model.ProblemCode;
import io.github.latchkey.client.model.SecondFactorMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

@EnabledIfEnvironmentVariable(named = "LATCHKEY_URL", matches = ".+", disabledReason = "It needs a running service.")
class SecondFactorTest {
  private static final String USERNAME = System.getenv("LATCHKEY_FACTOR_USERNAME");
  private static final String PASSWORD = System.getenv("LATCHKEY_FACTOR_PASSWORD");

  /** What a browser might send, signed by nobody. */
  private static final String CREDENTIAL =
      """
      {"id": "AAAAAAAAAAAAAAAAAAAAAA", "rawId": "AAAAAAAAAAAAAAAAAAAAAA", "type": "public-key",
       "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"},
       "clientExtensionResults": {}}
      """;

  /** In the place of a code of an authenticator app; each works once. */
  private static String recoveryCode(int number) {
    return System.getenv("LATCHKEY_RECOVERY_CODES").split(" ")[number];
  }

  private static SecondFactorRequiredException beginLogin(LatchkeyClient client, List<String> acrValues) {
    return assertThrows(
        SecondFactorRequiredException.class, () -> client.login(USERNAME, PASSWORD, acrValues));
  }

  // README: login
  static Tokens logIn(LatchkeyClient client, String username, String password, Supplier<String> askForCode) {
    try {
      return client.login(username, password);
    } catch (SecondFactorRequiredException required) {
      return client.finishLogin(required, askForCode.get());
    }
  }
  // README: end

  // README: step-up
  static void removeReports(LatchkeyClient client, Function<List<String>, Tokens> logInAgain) {
    ReportsApi reports = client.api(ReportsApi::new);
    try {
      reports.removeReports();
    } catch (StepUpRequiredException refused) {
      logInAgain.apply(refused.acrValues());
      reports.removeReports();
    }
  }
  // README: end

  @Test
  void theReadmeShowsWhatWorks() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String test = Files.readString(Path.of("src/test/java/io/github/latchkey/client/SecondFactorTest.java"));
    for (String name : List.of("login", "step-up")) {
      String shown = test.split("  // README: " + name + "\n")[1].split("  // README: end")[0].replaceAll("(?m)^  ", "");
      assertTrue(readme.contains("```java\n" + shown + "```"), () -> "README.md does not show:\n" + shown);
    }
  }

  @Test
  void theSecondStepOfALogin() {
    LatchkeyClient client = LatchkeyClient.of(URL);
    SecondFactorRequiredException required = beginLogin(client, List.of());
    assertEquals(ProblemCode.SECOND_FACTOR_REQUIRED, required.code());
    assertEquals(List.of(SecondFactorMethod.TOTP, SecondFactorMethod.RECOVERY_CODE), required.methods());
    assertTrue(required.expiresIn().compareTo(Duration.ofMinutes(4)) > 0);
    assertFalse(required.getMessage().contains(required.loginToken()));
    assertRefused(403, ProblemCode.WRONG_SECOND_FACTOR, () -> client.finishLogin(required, "000 000"));
    assertTrue(client.tokens().isEmpty());
    assertEquals(client.finishLogin(required, recoveryCode(0)), client.tokens().orElseThrow());
    callProtected(client);
    assertRefused(401, ProblemCode.INVALID_LOGIN_TOKEN, () -> client.finishLogin(required, recoveryCode(1)));
    logIn(client, USERNAME, PASSWORD, () -> recoveryCode(1));
  }

  @Test
  void aStepUp() {
    LatchkeyClient client = asUser(URL, "user-37");
    StepUpRequiredException refused =
        assertThrows(StepUpRequiredException.class, () -> client.api(ReportsApi::new).removeReports());
    assertEquals(List.of("aal2"), refused.acrValues());
    assertEquals(Duration.ofSeconds(300), refused.maxAge().orElseThrow());
    removeReports(client, acrValues -> client.finishLogin(beginLogin(client, acrValues), recoveryCode(2)));
  }

  @Test
  void aPasskeyAsJson() {
    LatchkeyClient client = LatchkeyClient.of(URL);
    assertEquals(
        "localhost",
        client.api(SessionsApi::new).createPasskeyLoginOptions(new PasskeyLoginOptionsRequest()).getRpId());
    assertRefused(401, ProblemCode.INVALID_PASSKEY, () -> client.loginWithPasskey(CREDENTIAL));
    SecondFactorRequiredException required = beginLogin(client, List.of());
    assertRefused(
        403, ProblemCode.WRONG_SECOND_FACTOR, () -> client.finishLoginWithPasskey(required, CREDENTIAL));
    assertThrows(IllegalArgumentException.class, () -> client.loginWithPasskey("{"));
  }
}
