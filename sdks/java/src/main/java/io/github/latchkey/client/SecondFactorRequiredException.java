package io.github.latchkey.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.latchkey.client.model.SecondFactorMethod;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The password of a login was right, and the account has a second factor: {@link LatchkeyClient#finishLogin} takes this. */
public final class SecondFactorRequiredException extends LatchkeyException {
  private static final long serialVersionUID = 1L;

  private final String loginToken;
  private final ArrayList<SecondFactorMethod> methods = new ArrayList<>();
  private final Duration expiresIn;

  SecondFactorRequiredException(int status, HttpHeaders headers, String body, JsonNode problem) {
    super(status, headers, body, problem);
    loginToken = problem.path("login_token").asText("");
    problem.path("methods").forEach(method -> methods.add(SecondFactorMethod.fromValue(method.asText())));
    expiresIn = Duration.ofSeconds(problem.path("login_token_expires_in").asLong());
  }

  /** What is sent with the second factor. It works for one login. */
  public String loginToken() {
    return loginToken;
  }

  /** The kinds of second factors that the account has. */
  public List<SecondFactorMethod> methods() {
    return List.copyOf(methods);
  }

  /** How long the login can be finished. */
  public Duration expiresIn() {
    return expiresIn;
  }
}
