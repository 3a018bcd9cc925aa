package io.github.latchkey.client;

import io.github.latchkey.client.api.OwnAccountApi;
import io.github.latchkey.client.api.SessionsApi;
import io.github.latchkey.client.generated.ApiClient;
import io.github.latchkey.client.generated.BearerOperations;
import io.github.latchkey.client.model.ChangePasswordRequest;
import io.github.latchkey.client.model.LoginRequest;
import io.github.latchkey.client.model.LogoutRequest;
import io.github.latchkey.client.model.RefreshRequest;
import io.github.latchkey.client.model.TokenSet;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A client for one Latchkey service, and at most one session at a time: it logs in, keeps the tokens, refreshes them in
 * time, and calls every operation of the contract. Any number of threads may use it.
 */
public final class LatchkeyClient {
  /** The version of the contract that this client was made from, and its own. */
  public static final String VERSION = "0.2.0";

  private final TokenKeeper keeper;
  private final SessionsApi publicSessions;
  private final ApiClient apiClient;
  private final HttpClient httpClient;

  private LatchkeyClient(Builder builder) {
    HttpClient plain = builder.httpClient == null ? HttpClient.newHttpClient() : builder.httpClient;
    keeper = new TokenKeeper(builder.tokens, this::refresh, builder.onTokens);
    publicSessions = new SessionsApi(apiClient(builder, plain));
    Predicate<HttpRequest> isToService = BearerHttpClient.isTo(builder.baseUrl);
    Predicate<HttpRequest> isInContract =
        request -> BearerOperations.include(request.method(), pathOf(request.uri(), builder.baseUrl));
    httpClient = new BearerHttpClient(plain, keeper, isToService);
    apiClient = apiClient(builder, new BearerHttpClient(plain, keeper, isToService.and(isInContract)));
  }

  /** Makes a client for the service at a base URL, such as {@code https://login.example.com}, with all defaults. */
  public static LatchkeyClient of(String baseUrl) {
    return builder(baseUrl).build();
  }

  /**
   * Begins the making of a client.
   *
   * @param baseUrl where the service is; a path in it is kept
   * @throws IllegalArgumentException where it is not an absolute URL of HTTP
   */
  public static Builder builder(String baseUrl) {
    return new Builder(baseUrl);
  }

  /**
   * Gives one of the generated classes, of which each has the operations of one tag of the contract:
   * {@code client.api(UsersApi::new).listUsers(null, null, null)}. Each call carries the access token where the operation
   * takes one. What it gives may be kept, and used by any number of threads.
   *
   * <p>Its methods throw a {@link LatchkeyException} for an answer with a status of 400 or more. Log in, change the
   * password and log out with the methods of this class, since they keep track of the tokens.
   */
  public <T> T api(Function<ApiClient, T> constructor) {
    return constructor.apply(apiClient);
  }

  /**
   * Begins a session and keeps its tokens, in place of those that the client had. Those stay valid: log out first where
   * they should not.
   *
   * @throws LatchkeyException mostly {@code INVALID_CREDENTIALS}, {@code TOO_MANY_ATTEMPTS} or {@code BUSY}
   */
  public Tokens login(String username, String password) {
    Instant askedAt = Instant.now();
    Tokens tokens =
        tokensOf(publicSessions.login(new LoginRequest().username(username).password(password)), askedAt);
    keeper.begin(tokens);
    return tokens;
  }

  /**
   * Replaces the password of the user who is logged in, and keeps the session's new tokens: from the answer on the service
   * refuses the older ones. An account with a one-time password has no permissions until it has done this.
   *
   * @throws LatchkeyException mostly {@code WRONG_PASSWORD} or {@code VALIDATION_FAILED}
   */
  public Tokens changePassword(String current, String replacement) {
    long login = keeper.login();
    Instant askedAt = Instant.now();
    TokenSet answer =
        api(OwnAccountApi::new)
            .changePassword(new ChangePasswordRequest().currentPassword(current).newPassword(replacement));
    Tokens tokens = tokensOf(answer, askedAt);
    keeper.replace(login, tokens);
    return tokens;
  }

  /**
   * Ends the session and forgets its tokens; without a session it does nothing. They are forgotten in any case: an
   * exception says that the service could not be told, and that the session goes on there until its refresh token
   * expires.
   */
  public void logout() {
    keeper.forget().ifPresent(
        tokens -> publicSessions.logout(new LogoutRequest().refreshToken(tokens.refreshToken())));
  }

  /** The tokens of the session; empty where there is none. */
  public Optional<Tokens> tokens() {
    return keeper.current();
  }

  /**
   * For operations that the contract does not have. Requests to the service's host carry the access token as those of
   * {@link #api} do; requests to other hosts, and those with an {@code Authorization} header of their own, are left as
   * they are. Answers with a status of 400 or more are answers here, not exceptions. A body publisher must be one that can
   * be read again, as all of {@link HttpRequest.BodyPublishers} can but for one of an input stream that can be read once.
   */
  public HttpClient httpClient() {
    return httpClient;
  }

  private Tokens refresh(String refreshToken) {
    Instant askedAt = Instant.now();
    return tokensOf(publicSessions.refresh(new RefreshRequest().refreshToken(refreshToken)), askedAt);
  }

  /** Takes the tokens to be as old as the request for them, which is never younger than they are. */
  private static Tokens tokensOf(TokenSet set, Instant askedAt) {
    return new Tokens(
        set.getAccessToken(),
        set.getRefreshToken(),
        askedAt,
        askedAt.plusSeconds(set.getExpiresIn()),
        askedAt.plusSeconds(set.getRefreshExpiresIn()),
        set.getScope());
  }

  private static String pathOf(URI uri, URI service) {
    return uri.getRawPath().substring(Math.min(service.getRawPath().length(), uri.getRawPath().length()));
  }

  private static ApiClient apiClient(Builder builder, HttpClient httpClient) {
    ApiClient client =
        new ApiClient(null, ApiClient.createDefaultObjectMapper(), builder.baseUrl.toString()) {
          @Override
          public HttpClient getHttpClient() {
            return httpClient;
          }
        };
    return client
        .setReadTimeout(builder.timeout)
        .setRequestInterceptor(request -> request.setHeader("User-Agent", "latchkey-java/" + VERSION))
        .setResponseInterceptor(LatchkeyException::throwIfRefused);
  }

  /** The settings of a new client. */
  public static final class Builder {
    private final URI baseUrl;
    private Tokens tokens;
    private Consumer<Optional<Tokens>> onTokens = changed -> {};
    private HttpClient httpClient;
    private Duration timeout = Duration.ofSeconds(30);

    private Builder(String baseUrl) {
      this.baseUrl = URI.create(baseUrl.replaceFirst("/+$", ""));
      if (this.baseUrl.getHost() == null || !String.valueOf(this.baseUrl.getScheme()).matches("(?i)https?")) {
        throw new IllegalArgumentException(
            "The base URL \"" + baseUrl + "\" must begin with http:// or https:// and a host.");
      }
    }

    /** Goes on with a session whose tokens were stored. */
    public Builder tokens(Tokens stored) {
      tokens = Objects.requireNonNull(stored);
      return this;
    }

    /**
     * Has each change of the tokens told: the new ones, to be stored, or nothing when they are forgotten. Each refresh
     * token replaces the one before it, so always store the last. Calls come one after the other, in order, and before
     * any request is sent with the new tokens; they must not log in or out themselves.
     */
    public Builder onTokens(Consumer<Optional<Tokens>> changed) {
      onTokens = Objects.requireNonNull(changed);
      return this;
    }

    /**
     * Has requests sent by a client of yours: its executor, proxy, TLS, and so on.
     *
     * @throws IllegalArgumentException where it follows redirects: it would take the access token along, to any host
     */
    public Builder httpClient(HttpClient client) {
      if (client.followRedirects() != HttpClient.Redirect.NEVER) {
        throw new IllegalArgumentException(
            "The HTTP client must not follow redirects: it would take the access token along, to any host.");
      }
      httpClient = client;
      return this;
    }

    /** How long an answer may take: 30 seconds unless told otherwise. Not for requests of {@link #httpClient()}. */
    public Builder timeout(Duration longest) {
      timeout = Objects.requireNonNull(longest);
      return this;
    }

    public LatchkeyClient build() {
      return new LatchkeyClient(this);
    }
  }
}
