package io.github.latchkey.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import io.github.latchkey.client.api.OwnAccountApi;
import io.github.latchkey.client.api.SessionsApi;
import io.github.latchkey.client.generated.ApiClient;
import io.github.latchkey.client.generated.ContractOperation;
import io.github.latchkey.client.model.ChangePasswordRequest;
import io.github.latchkey.client.model.LoginRequest;
import io.github.latchkey.client.model.LogoutRequest;
import io.github.latchkey.client.model.PasskeyAssertion;
import io.github.latchkey.client.model.PasskeyLoginRequest;
import io.github.latchkey.client.model.RefreshRequest;
import io.github.latchkey.client.model.SecondFactorLogin;
import io.github.latchkey.client.model.TokenSet;
import io.github.latchkey.client.model.TotpCode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A client for one Latchkey service, and at most one session at a time: it logs in, stores the tokens, refreshes them
 * before they expire, and calls every operation of the contract. Any number of threads may use it.
 */
public final class LatchkeyClient {
  /** The version of this client and of the contract that it was generated from. */
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
    Predicate<HttpRequest> takesToken =
        request -> operationOf(request, builder.baseUrl).filter(ContractOperation::takesToken).isPresent();
    Predicate<HttpRequest> renewsTokens =
        request -> operationOf(request, builder.baseUrl).filter(ContractOperation::renewsTokens).isPresent();
    httpClient = new BearerHttpClient(plain, keeper, isToService, renewsTokens);
    apiClient = apiClient(builder, new BearerHttpClient(plain, keeper, isToService.and(takesToken), renewsTokens));
  }

  /** Makes a client for the service at a base URL, such as {@code https://login.example.com}, with all defaults. */
  public static LatchkeyClient of(String baseUrl) {
    return builder(baseUrl).build();
  }

  /**
   * Creates a builder.
   *
   * @param baseUrl the service's base URL, which may have a path
   * @throws IllegalArgumentException if it is not an absolute http or https URL
   */
  public static Builder builder(String baseUrl) {
    return new Builder(baseUrl);
  }

  /**
   * Instantiates one of the generated classes, each of which has the operations of one tag of the contract:
   * {@code client.api(UsersApi::new).getUser(id)}. Each call sends the access token if the operation takes
   * one. The instance may be reused, by any number of threads.
   *
   * <p>Its methods throw a {@link LatchkeyException} for a response with a status of 400 or more, and for one that is not
   * the service's. The next tokens of the session are stored if a response has them; log in and log out with the methods of
   * this class.
   */
  public <T> T api(Function<ApiClient, T> constructor) {
    return constructor.apply(apiClient);
  }

  /**
   * Begins a session and stores its tokens in place of the client's earlier ones. The earlier session does not end: log out
   * first to end it.
   *
   * @param acrValues the levels that the login must reach: those of a {@link StepUpRequiredException}
   * @throws SecondFactorRequiredException if the password was right, and the account has a second factor
   * @throws LatchkeyException mostly {@code INVALID_CREDENTIALS}, {@code TOO_MANY_ATTEMPTS} or {@code BUSY}
   */
  public Tokens login(String username, String password, List<String> acrValues) {
    LoginRequest request = new LoginRequest().username(username).password(password);
    return begin(() -> publicSessions.login(
        acrValues.isEmpty() ? request : request.acrValues(String.join(" ", acrValues))));
  }

  /** Begins a session like {@link #login(String, String, List)}, whatever its level. */
  public Tokens login(String username, String password) {
    return login(username, password, List.of());
  }

  /**
   * Finishes a login with a code of the authenticator app, or a recovery code, and stores the tokens. Spaces in the code do
   * not matter.
   *
   * @throws LatchkeyException {@code WRONG_SECOND_FACTOR}, after which another code may be right, or {@code
   *     INVALID_LOGIN_TOKEN}, after which the login begins again
   */
  public Tokens finishLogin(SecondFactorRequiredException required, String code) {
    SecondFactorLogin request =
        new SecondFactorLogin().loginToken(required.loginToken()).code(withoutSpaces(code));
    return begin(() -> publicSessions.loginWithSecondFactor(request));
  }

  /**
   * Begins a session with what a passkey has signed, and stores the tokens.
   *
   * @param credential the JSON of a browser's {@code PublicKeyCredential}, for the options that {@link
   *     SessionsApi#createPasskeyLoginOptions} has returned
   * @throws IllegalArgumentException if that is not JSON of such a credential
   * @throws LatchkeyException mostly {@code INVALID_PASSKEY}
   */
  public Tokens loginWithPasskey(String credential) {
    return loginWithPasskey(new PasskeyLoginRequest().credential(parse(credential)));
  }

  /**
   * Finishes a login with what a passkey has signed, like {@link #loginWithPasskey(String)}.
   *
   * @throws LatchkeyException mostly {@code WRONG_SECOND_FACTOR} or {@code INVALID_LOGIN_TOKEN}
   */
  public Tokens finishLoginWithPasskey(SecondFactorRequiredException required, String credential) {
    return loginWithPasskey(
        new PasskeyLoginRequest().credential(parse(credential)).loginToken(required.loginToken()));
  }

  /**
   * Replaces the password of the user who is logged in, and stores the session's new tokens; the service refuses the
   * earlier ones from then on. An account with a one-time password has no permissions until it is replaced.
   *
   * @throws LatchkeyException mostly {@code WRONG_PASSWORD} or {@code VALIDATION_FAILED}
   */
  public Tokens changePassword(String current, String replacement) {
    TokenSet issued =
        api(OwnAccountApi::new)
            .changePassword(new ChangePasswordRequest().currentPassword(current).newPassword(replacement));
    return tokens().orElseGet(() -> Tokens.of(issued, Instant.now()));
  }

  /**
   * Takes the authenticator app into use that {@link OwnAccountApi#beginTotp} has begun to set up. The session is one with a
   * second factor from then on: its new tokens are stored.
   *
   * @param code what the app shows; spaces do not matter
   * @return the recovery codes, if this is the account's first second factor: the user sees them this once
   * @throws LatchkeyException mostly {@code WRONG_SECOND_FACTOR}, after which another code may be right
   * @throws StepUpRequiredException if the user has to log in again
   */
  public List<String> confirmTotp(String code) {
    return api(OwnAccountApi::new).confirmTotp(new TotpCode().code(withoutSpaces(code))).getRecoveryCodes();
  }

  /**
   * Ends the session and deletes its tokens; without a session it does nothing. If the service cannot be reached, the
   * tokens are deleted all the same, this throws, and the session exists there until its refresh token expires.
   */
  public void logout() {
    keeper.forget().ifPresent(
        tokens -> publicSessions.logout(new LogoutRequest().refreshToken(tokens.refreshToken())));
  }

  /** The tokens of the session; empty without one. */
  public Optional<Tokens> tokens() {
    return keeper.current();
  }

  /**
   * For operations that are not in the contract. Requests to the service's host send the access token like those of
   * {@link #api}; requests to other hosts, and those with an {@code Authorization} header of their own, are not changed.
   * Responses with a status of 400 or more do not throw. A body publisher must be readable twice, as all of
   * {@link HttpRequest.BodyPublishers} are, except one of an input stream that can be read only once.
   */
  public HttpClient httpClient() {
    return httpClient;
  }

  private Tokens loginWithPasskey(PasskeyLoginRequest request) {
    return begin(() -> publicSessions.loginWithPasskey(request));
  }

  private static PasskeyAssertion parse(String credential) {
    try {
      return ApiClient.createDefaultObjectMapper()
          .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
          .readValue(credential, PasskeyAssertion.class);
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("The credential is not the JSON of a PublicKeyCredential.", error);
    }
  }

  /** Stores the tokens of a new login. */
  private Tokens begin(Supplier<TokenSet> login) {
    Instant askedAt = Instant.now();
    Tokens tokens = Tokens.of(login.get(), askedAt);
    keeper.begin(tokens);
    return tokens;
  }

  private Tokens refresh(String refreshToken) {
    Instant askedAt = Instant.now();
    return Tokens.of(publicSessions.refresh(new RefreshRequest().refreshToken(refreshToken)), askedAt);
  }

  private static String withoutSpaces(String code) {
    return code.replaceAll("\\s", "");
  }

  private static Optional<ContractOperation> operationOf(HttpRequest request, URI service) {
    String path = request.uri().getRawPath();
    return ContractOperation.find(
        request.method(), path.substring(Math.min(service.getRawPath().length(), path.length())));
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
        .setResponseInterceptor(
            response ->
                LatchkeyException.throwIfRefused(response, operationOf(response.request(), builder.baseUrl)));
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

    /** Continues a session whose tokens were stored. */
    public Builder tokens(Tokens stored) {
      tokens = Objects.requireNonNull(stored);
      return this;
    }

    /**
     * Sets a function that is called at each change of the tokens: with the new ones, to be stored, or empty when they are
     * deleted. Each refresh token replaces the one before it, so always store the last. Calls come one after the other, in
     * order, and before any request is sent with the new tokens; the function must not log in or out itself.
     */
    public Builder onTokens(Consumer<Optional<Tokens>> changed) {
      onTokens = Objects.requireNonNull(changed);
      return this;
    }

    /**
     * Sets the HTTP client that sends requests, with its executor, proxy, TLS, and so on.
     *
     * @throws IllegalArgumentException if it follows redirects: it would send the access token to any host
     */
    public Builder httpClient(HttpClient client) {
      if (client.followRedirects() != HttpClient.Redirect.NEVER) {
        throw new IllegalArgumentException(
            "The HTTP client must not follow redirects: it would send the access token to any host.");
      }
      httpClient = client;
      return this;
    }

    /** How long a response may take; by default 30 seconds. Does not apply to {@link #httpClient()}. */
    public Builder timeout(Duration max) {
      timeout = Objects.requireNonNull(max);
      return this;
    }

    public LatchkeyClient build() {
      return new LatchkeyClient(this);
    }
  }
}
