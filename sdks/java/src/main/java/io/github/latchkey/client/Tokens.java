package io.github.latchkey.client;

import java.time.Instant;

/**
 * The tokens of a session, in a form that can be stored: Jackson writes and reads it, with its module for
 * {@code java.time}. They open the account: store them where only its owner can read them.
 *
 * @param expiresAt when the access token expires, by the clock of this machine
 * @param refreshExpiresAt when the refresh token expires, and with it the session, unless it is refreshed before
 * @param scope the permissions of the account, space-separated
 */
public record Tokens(
    String accessToken, String refreshToken, Instant expiresAt, Instant refreshExpiresAt, String scope) {

  /** Without the tokens: this ends up in logs. */
  @Override
  public String toString() {
    return "Tokens[expiresAt=" + expiresAt + ", refreshExpiresAt=" + refreshExpiresAt + ", scope=" + scope + "]";
  }
}
