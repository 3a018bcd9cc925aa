package io.github.latchkey.client;

import java.time.Duration;
import java.time.Instant;

/**
 * The tokens of a session, in a form that can be stored: Jackson writes and reads it, with its module for
 * {@code java.time}. They open the account: store them where only its owner can read them.
 *
 * @param issuedAt when the tokens were asked for, by the clock of this machine
 * @param expiresAt when the access token expires, by the clock of this machine
 * @param refreshExpiresAt when the refresh token expires, and with it the session, unless it is refreshed before
 * @param scope the permissions of the account, space-separated
 */
public record Tokens(
    String accessToken,
    String refreshToken,
    Instant issuedAt,
    Instant expiresAt,
    Instant refreshExpiresAt,
    String scope) {
  /** How long before its end an access token is replaced at most: it has to be valid when it arrives. */
  private static final Duration MARGIN = Duration.ofSeconds(10);

  /**
   * Whether it is time for new ones. Of tokens that live for less than the margin, new ones would be stale at once: half of
   * their life is enough then.
   */
  boolean areStale() {
    Duration half = Duration.between(issuedAt, expiresAt).dividedBy(2);
    return Instant.now().isAfter(expiresAt.minus(half.compareTo(MARGIN) < 0 ? half : MARGIN));
  }

  /** Without the tokens: this ends up in logs. */
  @Override
  public String toString() {
    return "Tokens[expiresAt=" + expiresAt + ", refreshExpiresAt=" + refreshExpiresAt + ", scope=" + scope + "]";
  }
}
