package io.github.latchkey.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The token is valid, and its login is too old for an operation, or had no second factor (RFC 9470). */
public final class StepUpRequiredException extends LatchkeyException {
  private static final long serialVersionUID = 1L;
  private static final Pattern ACR_VALUES = Pattern.compile("\\bacr_values=\"([^\"]*)\"");
  private static final Pattern MAX_AGE = Pattern.compile("\\bmax_age=\"?(\\d{1,9})");

  private final String acrValues;
  private final Duration maxAge;

  StepUpRequiredException(int status, HttpHeaders headers, String body, JsonNode problem) {
    super(status, headers, body, problem);
    String challenge = String.join(", ", headers.allValues("WWW-Authenticate"));
    acrValues = find(ACR_VALUES, challenge).orElse("");
    maxAge = find(MAX_AGE, challenge).map(seconds -> Duration.ofSeconds(Long.parseLong(seconds))).orElse(null);
  }

  private static Optional<String> find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** The levels that a login must reach, for {@link LatchkeyClient#login}; none where only its age matters. */
  public List<String> acrValues() {
    return acrValues.isEmpty() ? List.of() : List.of(acrValues.split(" "));
  }

  /** How old the login may be, or its second factor where there are {@link #acrValues}. */
  public Optional<Duration> maxAge() {
    return Optional.ofNullable(maxAge);
  }
}
