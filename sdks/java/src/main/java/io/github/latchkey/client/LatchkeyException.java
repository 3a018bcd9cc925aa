package io.github.latchkey.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.latchkey.client.generated.ApiClient;
import io.github.latchkey.client.generated.ApiException;
import io.github.latchkey.client.generated.ContractOperation;
import io.github.latchkey.client.model.OAuthErrorCode;
import io.github.latchkey.client.model.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A response with a status of 400 or more, or one of any status that is not the service's: a proxy's page, for example,
 * which {@link #getResponseBody()} returns. If the service cannot be reached, calls throw another {@link ApiException},
 * with the {@link IOException} as its cause.
 */
public sealed class LatchkeyException extends ApiException
    permits SecondFactorRequiredException, StepUpRequiredException {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_BODY = 1 << 20;

  private final ProblemCode code;
  private final OAuthErrorCode oauthCode;
  private final boolean isUnexpected;
  private final String title;
  private final String detail;
  private final Map<String, String> errors;
  private final String requestId;
  private final Duration retryAfter;

  LatchkeyException(int status, HttpHeaders headers, String body, JsonNode problem) {
    super(messageOf(status, headers, problem), null, status, headers, body);
    code = ProblemCode.fromValue(problem.path("code").asText());
    oauthCode = problem.has("error") ? OAuthErrorCode.fromValue(problem.path("error").asText()) : null;
    isUnexpected = !problem.has("code") && !problem.has("error");
    title = problem.path("title").asText("");
    detail = detailOf(problem);
    Map<String, String> fields = new LinkedHashMap<>();
    problem.path("errors").properties().forEach(field -> fields.put(field.getKey(), field.getValue().asText()));
    errors = Map.copyOf(fields);
    requestId = headers.firstValue("X-Request-Id").orElse(null);
    retryAfter = headers.firstValue("Retry-After").filter(text -> text.matches("\\d{1,9}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text))).orElse(null);
  }

  /** Throws if the response is an error, or is not in the contract; otherwise its body is left unread. */
  static void throwIfRefused(HttpResponse<InputStream> response, Optional<ContractOperation> operation) {
    boolean isExpected =
        operation.map(known -> known.mediaTypes().contains(mediaTypeOf(response))).orElse(true);
    if (response.statusCode() < 400 && isExpected) {
      return;
    }
    try (InputStream body = ApiClient.getResponseBody(response)) {
      String text = body == null ? "" : new String(body.readNBytes(LONGEST_BODY), StandardCharsets.UTF_8);
      throw create(response.statusCode(), response.headers(), text, parse(text));
    } catch (IOException error) {
      throw new ApiException(error);
    }
  }

  private static LatchkeyException create(int status, HttpHeaders headers, String body, JsonNode problem) {
    return switch (ProblemCode.fromValue(problem.path("code").asText())) {
      case SECOND_FACTOR_REQUIRED -> new SecondFactorRequiredException(status, headers, body, problem);
      case INSUFFICIENT_USER_AUTHENTICATION -> new StepUpRequiredException(status, headers, body, problem);
      default -> new LatchkeyException(status, headers, body, problem);
    };
  }

  /** Empty without a body, which a 204 and a 304 never have. */
  private static String mediaTypeOf(HttpResponse<?> response) {
    if (response.statusCode() == 204 || response.statusCode() == 304) {
      return "";
    }
    String contentType = response.headers().firstValue("Content-Type").orElse("");
    return contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
  }

  /** The response may be a proxy's HTML, which has no fields. */
  private static JsonNode parse(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException notJson) {
      return JSON.missingNode();
    }
  }

  private static String messageOf(int status, HttpHeaders headers, JsonNode problem) {
    StringBuilder message = new StringBuilder().append(status);
    if (status < 400) {
      message.append(": This is not a response of Latchkey. Is the base URL right?");
    }
    for (String part : new String[] {problem.path("code").asText(""), problem.path("error").asText("")}) {
      message.append(part.isEmpty() ? "" : " " + part);
    }
    for (String part : new String[] {problem.path("title").asText(""), detailOf(problem)}) {
      message.append(part.isEmpty() ? "" : ": " + part);
    }
    headers.firstValue("X-Request-Id").ifPresent(id -> message.append(" (request ").append(id).append(')'));
    return message.toString();
  }

  private static String detailOf(JsonNode problem) {
    return problem.path("detail").asText("") + problem.path("error_description").asText("");
  }

  /** The HTTP status. */
  public int status() {
    return getCode();
  }

  /**
   * The problem type, from the contract's closed list; {@link ProblemCode#UNKNOWN_DEFAULT_OPEN_API} if the code is newer
   * than this client, and if there is none, as in responses of OAuth endpoints and proxies.
   */
  public ProblemCode code() {
    return code;
  }

  /** Whether the response is not the service's, but a proxy's or that of another server at this address. */
  public boolean isUnexpected() {
    return isUnexpected;
  }

  /** The code of the OAuth endpoints (RFC 6749 §5.2); empty elsewhere. */
  public Optional<OAuthErrorCode> oauthCode() {
    return Optional.ofNullable(oauthCode);
  }

  /** The problem type in a few words; empty if the response is not a problem. */
  public String title() {
    return title;
  }

  /** What was wrong, and what to do about it; empty if the response does not say. */
  public String detail() {
    return detail;
  }

  /** Field → what is wrong with it, with the code {@link ProblemCode#VALIDATION_FAILED}; otherwise empty. */
  public Map<String, String> errors() {
    return errors;
  }

  /** The response's {@code X-Request-Id}, with which the cause can be found in the service's log. */
  public Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }

  /** How long to wait before the next attempt, if the response has {@code Retry-After}. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
