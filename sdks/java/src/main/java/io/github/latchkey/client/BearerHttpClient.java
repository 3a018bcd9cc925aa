package io.github.latchkey.client;

import io.github.latchkey.client.TokenKeeper.Bearer;
import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Adds the access token to requests to the service, and sends a request again, once, if the token was refused. It stores the
 * tokens that responses have.
 */
final class BearerHttpClient extends HttpClient {
  private static final Duration EXCHANGE_TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient next;
  private final TokenKeeper keeper;
  private final Predicate<HttpRequest> takesToken;
  private final Predicate<HttpRequest> renewsTokens;

  /**
   * @param takesToken which requests send the token
   * @param renewsTokens which of these have a response with the next tokens of the session
   */
  BearerHttpClient(
      HttpClient next, TokenKeeper keeper, Predicate<HttpRequest> takesToken, Predicate<HttpRequest> renewsTokens) {
    this.next = next;
    this.keeper = keeper;
    this.takesToken = takesToken;
    this.renewsTokens = renewsTokens;
  }

  /** Whether a request is one to the host of the service. */
  static Predicate<HttpRequest> isTo(URI service) {
    return request ->
        service.getScheme().equalsIgnoreCase(request.uri().getScheme())
            && service.getRawAuthority().equalsIgnoreCase(request.uri().getRawAuthority());
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    Bearer held = bringsOwn(request) ? null : await(keeper.bearer());
    if (held == null) {
      return next.send(request, handler);
    }
    HttpResponse<T> response = send(request, handler, held);
    if (!refusesToken(response)) {
      return response;
    }
    Bearer renewed = await(keeper.renew(held));
    if (renewed == null) {
      return response;
    }
    discard(response);
    return send(request, handler, renewed);
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler, Bearer held)
      throws IOException, InterruptedException {
    if (!renewsTokens.test(request)) {
      return next.send(with(request, held), handler);
    }
    // A thread that is interrupted stops waiting: the tokens are stored all the same.
    return await(exchange(handler, held, reader -> next.sendAsync(withTimeout(with(request, held)), reader)));
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> handler) {
    return sendWithToken(request, handler, (authorized, reader) -> next.sendAsync(authorized, reader));
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushPromiseHandler) {
    return sendWithToken(
        request, handler, (authorized, reader) -> next.sendAsync(authorized, reader, pushPromiseHandler));
  }

  private <T> CompletableFuture<HttpResponse<T>> sendWithToken(
      HttpRequest request,
      BodyHandler<T> handler,
      BiFunction<HttpRequest, BodyHandler<T>, CompletableFuture<HttpResponse<T>>> send) {
    if (bringsOwn(request)) {
      return send.apply(request, handler);
    }
    Function<Bearer, CompletableFuture<HttpResponse<T>>> sendWith = held ->
        renewsTokens.test(request)
            ? exchange(handler, held, reader -> send.apply(withTimeout(with(request, held)), reader))
            : send.apply(with(request, held), handler);
    return keeper.bearer().thenCompose(held -> {
      if (held == null) {
        return send.apply(request, handler);
      }
      return sendWith.apply(held).thenCompose(response -> {
        if (!refusesToken(response)) {
          return CompletableFuture.completedFuture(response);
        }
        return keeper.renew(held).thenCompose(renewed -> {
          if (renewed == null) {
            return CompletableFuture.completedFuture(response);
          }
          discard(response);
          return sendWith.apply(renewed);
        });
      });
    });
  }

  /** Sends the request of an operation that gives the session its next tokens, and stores these. */
  private <T> CompletableFuture<HttpResponse<T>> exchange(
      BodyHandler<T> handler, Bearer held, Function<BodyHandler<T>, CompletableFuture<HttpResponse<T>>> send) {
    return keeper.reserve(held.login()).thenCompose(exchange -> {
      TokenReader<T> reader = new TokenReader<>(handler, Instant.now());
      // What it throws is an outcome, too, and has to end the exchange.
      return CompletableFuture.completedFuture(reader)
          .thenCompose(send)
          .whenComplete((response, error) -> keeper.release(exchange, error == null ? reader.tokens() : null));
    });
  }

  private boolean bringsOwn(HttpRequest request) {
    return request.headers().firstValue("Authorization").isPresent() || !takesToken.test(request);
  }

  private static HttpRequest with(HttpRequest request, Bearer held) {
    return HttpRequest.newBuilder(request, (name, value) -> true)
        .setHeader("Authorization", "Bearer " + held.token())
        .build();
  }

  /** Refreshes wait for the response to such a request. */
  private static HttpRequest withTimeout(HttpRequest request) {
    return request.timeout().isPresent()
        ? request
        : HttpRequest.newBuilder(request, (name, value) -> true).timeout(EXCHANGE_TIMEOUT).build();
  }

  /**
   * Whether the token is expired or revoked (RFC 6750 §3.1). For other reasons of a 401 a new token does not help.
   */
  private static boolean refusesToken(HttpResponse<?> response) {
    return response.statusCode() == 401
        && response.headers().allValues("WWW-Authenticate").stream()
            .anyMatch(challenge -> challenge.contains("error=\"invalid_token\""));
  }

  /** A body that is a stream holds the connection until it is closed. */
  private static void discard(HttpResponse<?> response) {
    if (response.body() instanceof AutoCloseable body) {
      try {
        body.close();
      } catch (Exception ignored) {
        // The body is not used.
      }
    }
  }

  private static <T> T await(CompletableFuture<T> result) throws IOException, InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException error) {
      if (error.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (error.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(error.getCause());
    }
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return next.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return next.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return next.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return next.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return next.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return next.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return next.authenticator();
  }

  @Override
  public Version version() {
    return next.version();
  }

  @Override
  public Optional<Executor> executor() {
    return next.executor();
  }

  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return next.newWebSocketBuilder();
  }
}
