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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** Adds the access token to requests to the service, and sends a request again, once, if the token was refused. */
final class BearerHttpClient extends HttpClient {
  private final HttpClient next;
  private final TokenKeeper keeper;
  private final Predicate<HttpRequest> takesToken;

  BearerHttpClient(HttpClient next, TokenKeeper keeper, Predicate<HttpRequest> takesToken) {
    this.next = next;
    this.keeper = keeper;
    this.takesToken = takesToken;
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
    HttpResponse<T> response = next.send(with(request, held), handler);
    if (!refusesToken(response)) {
      return response;
    }
    Bearer renewed = await(keeper.renew(held));
    if (renewed == null) {
      return response;
    }
    discard(response);
    return next.send(with(request, renewed), handler);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> handler) {
    return sendWithToken(request, authorized -> next.sendAsync(authorized, handler));
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushPromiseHandler) {
    return sendWithToken(request, authorized -> next.sendAsync(authorized, handler, pushPromiseHandler));
  }

  private <T> CompletableFuture<HttpResponse<T>> sendWithToken(
      HttpRequest request, Function<HttpRequest, CompletableFuture<HttpResponse<T>>> send) {
    if (bringsOwn(request)) {
      return send.apply(request);
    }
    return keeper.bearer().thenCompose(held -> {
      if (held == null) {
        return send.apply(request);
      }
      return send.apply(with(request, held)).thenCompose(response -> {
        if (!refusesToken(response)) {
          return CompletableFuture.completedFuture(response);
        }
        return keeper.renew(held).thenCompose(renewed -> {
          if (renewed == null) {
            return CompletableFuture.completedFuture(response);
          }
          discard(response);
          return send.apply(with(request, renewed));
        });
      });
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

  private static Bearer await(CompletableFuture<Bearer> bearer) throws InterruptedException {
    try {
      return bearer.get();
    } catch (ExecutionException error) {
      if (error.getCause() instanceof RuntimeException cause) {
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
