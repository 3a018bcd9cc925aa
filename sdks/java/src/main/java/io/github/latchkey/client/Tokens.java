package io.github.latchkey.client;

import io.github.latchkey.client.model.TokenSet;
import java.time.Duration;
import java.time.Instant;

/**
 * The tokens of a session, in a form that can be stored: Jackson writes and reads it with its module for
 * {@code java.time}. They give access to the account: store them where only its owner can read them.
 *
 * @param issuedAt when the tokens were requested, by the clock of this machine
 * @param expiresAt when the access token expires, by the clock of this machine
 * @param refreshExpiresAt when the refresh token and the session expire, unless they are refreshed before
 * @param scope the permissions of the account, space-separated
 */
public record Tokens(
    String accessToken,
    String refreshToken,
    Instant issuedAt,
    Instant expiresAt,
    Instant refreshExpiresAt,
    String scope) {
  /** How long before it expires an access token is replaced, so that it is still valid when it arrives. */
  private static final Duration MARGIN = Duration.ofSeconds(10);

  /** Counts the lifetimes from the request, which is never later than the issue. */
  static Tokens of(TokenSet set, Instant askedAt) {
    return new Tokens(
        set.getAccessToken(),
        set.getRefreshToken(),
        askedAt,
        askedAt.plusSeconds(set.getExpiresIn()),
        askedAt.plusSeconds(set.getRefreshExpiresIn()),
        set.getScope());
  }

  /**
   * Whether the tokens should be refreshed. With a lifetime below the margin new ones would be stale at once, so the margin
   * is at most half of the lifetime.
   */
  boolean areStale() {
    Duration half = Duration.between(issuedAt, expiresAt).dividedBy(2);
    return Instant.now().isAfter(expiresAt.minus(half.compareTo(MARGIN) < 0 ? half : MARGIN));
  }

  /** Without the tokens, because it may be logged. */
  @Override
  public String toString() {
    return "Tokens[expiresAt=" + expiresAt + ", refreshExpiresAt=" + refreshExpiresAt + ", scope=" + scope + "]";
  }
}
