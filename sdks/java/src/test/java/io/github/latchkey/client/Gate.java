package io.github.latchkey.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;

/** A proxy in front of the real service, also under /auth. It counts requests, and lets a test intercept them. */
final class Gate implements AutoCloseable {
  /** Passes a request on; may change, delay or drop it. */
  interface Passage {
    void pass(HttpExchange exchange, Gate gate) throws IOException, InterruptedException;
  }

  private static final Set<String> HOP_BY_HOP =
      Set.of("connection", "host", "content-length", "transfer-encoding", "upgrade", "http2-settings");

  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Integer> passed = new ConcurrentHashMap<>();
  private final HttpServer server;

  Gate() throws IOException {
    this((exchange, gate) -> gate.forward(exchange));
  }

  Gate(Passage passage) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> {
      passed.merge(exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath(), 1, Integer::sum);
      try (exchange) {
        passage.pass(exchange, this);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void forward(HttpExchange exchange) throws IOException, InterruptedException {
    forward(exchange, exchange.getRequestHeaders().getFirst("Authorization"));
  }

  void forward(HttpExchange exchange, String authorization) throws IOException, InterruptedException {
    forward(exchange, authorization, () -> {});
  }

  /** What happens between the service's response and that of the gate. */
  interface Pause {
    void run() throws InterruptedException;
  }

  void forward(HttpExchange exchange, Pause pause) throws IOException, InterruptedException {
    forward(exchange, exchange.getRequestHeaders().getFirst("Authorization"), pause);
  }

  private void forward(HttpExchange exchange, String authorization, Pause pause)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(Service.URL + exchange.getRequestURI().toString().replaceFirst("^/auth/", "/")))
            .method(
                exchange.getRequestMethod(),
                HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
    copy(exchange.getRequestHeaders(), request::header);
    if (authorization != null) {
      request.setHeader("Authorization", authorization);
    }
    HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    pause.run();
    copy(response.headers().map(), exchange.getResponseHeaders()::add);
    exchange.sendResponseHeaders(response.statusCode(), response.body().length == 0 ? -1 : response.body().length);
    exchange.getResponseBody().write(response.body());
  }

  static void respond(HttpExchange exchange, int status, String contentType, String body) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", contentType);
    exchange.sendResponseHeaders(status, body.length());
    exchange.getResponseBody().write(body.getBytes());
  }

  private static void copy(Map<String, List<String>> headers, BiConsumer<String, String> add) {
    headers.forEach((name, values) -> {
      if (!HOP_BY_HOP.contains(name.toLowerCase())) {
        values.forEach(value -> add.accept(name, value));
      }
    });
  }

  void assertPassed(String operation, int times) {
    assertEquals(times, passed.getOrDefault(operation, 0), () -> operation + ": " + passed);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
