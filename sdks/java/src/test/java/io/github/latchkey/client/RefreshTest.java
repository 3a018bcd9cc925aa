package io.github.latchkey.client;

import static io.github.latchkey.client.Service.asUser;
import static io.github.latchkey.client.Service.assertRefused;
import static io.github.latchkey.client.Service.callProtected;
import static io.github.latchkey.client.Service.expiringTokensOf;
import static io.github.latchkey.client.Service.revokeTokens;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.latchkey.client.api.RolesApi;
import io.github.latchkey.client.api.ServiceApi;
import io.github.latchkey.client.api.SessionsApi;
import io.github.latchkey.client.api.UsersApi;
import io.github.latchkey.client.model.ProblemCode;
import io.github.latchkey.client.model.PutRoleRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

@Timeout(60)
@EnabledIfEnvironmentVariable(named = "LATCHKEY_URL", matches = ".+", disabledReason = "It needs a running service.")
class RefreshTest {
  private static final int PARALLEL = 20;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  /** Calls from many threads at once, and returns their errors. */
  private List<Optional<Throwable>> together(Runnable call) throws Exception {
    CyclicBarrier start = new CyclicBarrier(PARALLEL);
    Callable<Void> one = () -> {
      start.await();
      call.run();
      return null;
    };
    List<Optional<Throwable>> failures = new ArrayList<>();
    for (Future<Void> result : threads.invokeAll(IntStream.range(0, PARALLEL).mapToObj(i -> one).toList())) {
      try {
        result.get();
        failures.add(Optional.empty());
      } catch (ExecutionException error) {
        failures.add(Optional.of(error.getCause()));
      }
    }
    return failures;
  }

  private static final List<Optional<Throwable>> ALL_WELL =
      IntStream.range(0, PARALLEL).mapToObj(i -> Optional.<Throwable>empty()).toList();

  @Test
  void oneRefreshForManyRefusedCalls() throws Exception {
    try (Gate gate = new Gate()) {
      LatchkeyClient client = asUser(gate.url(), "user-11");
      revokeTokens("samples:one");
      assertEquals(ALL_WELL, together(() -> callProtected(client)));
      gate.assertPassed("POST /refresh", 1);
    }
  }

  @Test
  void oneRefreshForManyCallsBeforeTheTokenExpires() throws Exception {
    List<Optional<Tokens>> told = new ArrayList<>();
    try (Gate gate = new Gate()) {
      LatchkeyClient client =
          LatchkeyClient.builder(gate.url()).tokens(expiringTokensOf("user-12")).onTokens(told::add).build();
      assertEquals(ALL_WELL, together(() -> callProtected(client)));
      gate.assertPassed("POST /refresh", 1);
      gate.assertPassed("GET /protected", PARALLEL); // none was refused first
      assertEquals(List.of(client.tokens()), told);
    }
  }

  @Test
  void oneRefreshForManyAsynchronousCalls() throws Exception {
    try (Gate gate = new Gate()) {
      LatchkeyClient client = asUser(gate.url(), "user-25");
      revokeTokens("samples:five");
      HttpRequest request = HttpRequest.newBuilder(URI.create(gate.url() + "/protected")).build();
      List<CompletableFuture<HttpResponse<String>>> calls =
          IntStream.range(0, PARALLEL)
              .mapToObj(i -> client.httpClient().sendAsync(request, BodyHandlers.ofString()))
              .toList();
      for (CompletableFuture<HttpResponse<String>> call : calls) {
        assertEquals(200, call.get().statusCode());
      }
      gate.assertPassed("POST /refresh", 1);
    }
  }

  @Test
  void noRefreshWithoutNeed() throws Exception {
    try (Gate gate = new Gate()) {
      LatchkeyClient client = asUser(gate.url(), "user-13");
      assertEquals(ALL_WELL, together(() -> callProtected(client)));
      gate.assertPassed("POST /refresh", 0);
    }
  }

  @Test
  void aRefusedCallIsSentAgainWithItsBody() throws Exception {
    try (Gate gate = new Gate()) {
      revokeTokens("roles:write");
      LatchkeyClient client = asUser(gate.url(), "user-14");
      revokeTokens("roles:write", "samples:two");
      client.api(RolesApi::new).putRole("made-in-java", new PutRoleRequest().permissions(List.of("a:read")));
      gate.assertPassed("POST /refresh", 1);
      gate.assertPassed("PUT /roles/made-in-java", 2);
      gate.assertPassed("POST /login", 1);
    }
  }

  @Test
  void aRefusedCallIsSentAgainOnce() throws Exception {
    try (Gate gate = new Gate((exchange, self) -> {
      if (exchange.getRequestURI().getPath().equals("/protected")) {
        self.forward(exchange, "Bearer of.no.use");
      } else {
        self.forward(exchange);
      }
    })) {
      LatchkeyClient client = asUser(gate.url(), "user-16");
      assertRefused(401, ProblemCode.INVALID_TOKEN, () -> callProtected(client));
      gate.assertPassed("POST /refresh", 1);
      gate.assertPassed("GET /protected", 2);
    }
  }

  @Test
  void aSessionThatHasEnded() throws Exception {
    List<Optional<Tokens>> told = new ArrayList<>();
    try (Gate gate = new Gate()) {
      LatchkeyClient client =
          LatchkeyClient.builder(gate.url()).tokens(expiringTokensOf("user-17")).onTokens(told::add).build();
      asUser(Service.URL, "user-17").api(SessionsApi::new).endOtherSessions();
      for (Optional<Throwable> failure : together(() -> callProtected(client))) {
        // The callers after the first find no tokens.
        LatchkeyException refused = assertInstanceOf(LatchkeyException.class, failure.orElseThrow());
        assertTrue(
            List.of(ProblemCode.INVALID_REFRESH_TOKEN, ProblemCode.AUTHENTICATION_REQUIRED).contains(refused.code()),
            refused::getMessage);
      }
      gate.assertPassed("POST /refresh", 1);
      assertTrue(client.tokens().isEmpty());
      assertEquals(List.of(Optional.empty()), told);
    }
  }

  @Test
  void aRefreshThatFailsOtherwiseKeepsTheTokens() throws Exception {
    AtomicBoolean isAway = new AtomicBoolean(true);
    try (Gate gate = new Gate((exchange, self) -> {
      if (exchange.getRequestURI().getPath().equals("/refresh") && isAway.get()) {
        Gate.respond(exchange, 502, "text/html", "<html>Bad gateway</html>");
      } else {
        self.forward(exchange);
      }
    })) {
      LatchkeyClient client = LatchkeyClient.builder(gate.url()).tokens(expiringTokensOf("user-18")).build();
      LatchkeyException refused = assertThrows(LatchkeyException.class, () -> callProtected(client));
      assertEquals(502, refused.status());
      isAway.set(false);
      callProtected(client);
    }
  }

  /** A gate at which refreshes wait until they are released. */
  private static final class HeldRefresh implements AutoCloseable {
    final CountDownLatch arrived = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);
    final Gate gate;
    final LatchkeyClient client;

    HeldRefresh(String username) throws IOException {
      gate = new Gate((exchange, self) -> {
        if (exchange.getRequestURI().getPath().equals("/refresh")) {
          arrived.countDown();
          released.await();
        }
        self.forward(exchange);
      });
      client = LatchkeyClient.builder(gate.url()).tokens(expiringTokensOf(username)).build();
    }

    @Override
    public void close() {
      released.countDown();
      gate.close();
    }
  }

  @Test
  void aThreadThatIsInterruptedLeavesTheRefreshToTheOthers() throws Exception {
    try (HeldRefresh held = new HeldRefresh("user-19")) {
      Future<?> impatient = threads.submit(() -> callProtected(held.client));
      held.arrived.await();
      Future<?> patient = threads.submit(() -> callProtected(held.client));
      impatient.cancel(true);
      held.released.countDown();
      patient.get();
      held.gate.assertPassed("POST /refresh", 1);
      assertTrue(impatient.isCancelled());
    }
  }

  @Test
  void aLogoutDuringARefreshStays() throws Exception {
    try (HeldRefresh held = new HeldRefresh("user-20")) {
      Future<?> call = threads.submit(() -> callProtected(held.client));
      held.arrived.await();
      held.client.logout();
      held.released.countDown();
      Throwable failure = assertThrows(ExecutionException.class, call::get).getCause();
      assertEquals(401, assertInstanceOf(LatchkeyException.class, failure).status());
      assertTrue(held.client.tokens().isEmpty());
    }
  }

  @Test
  void aLoginDuringARefreshStays() throws Exception {
    try (HeldRefresh held = new HeldRefresh("user-21")) {
      Future<?> call = threads.submit(() -> callProtected(held.client));
      held.arrived.await();
      Tokens tokens = held.client.login(Service.READER, Service.READER_PASSWORD);
      held.released.countDown();
      // The call was the first user's: it must not be sent for the second.
      Throwable failure = assertThrows(ExecutionException.class, call::get).getCause();
      assertEquals(
          ProblemCode.AUTHENTICATION_REQUIRED, assertInstanceOf(LatchkeyException.class, failure).code());
      assertEquals(Optional.of(tokens), held.client.tokens());
    }
  }

  @Test
  void tokensStayWithTheService() throws Exception {
    List<String> authorizations = new ArrayList<>();
    try (Gate gate = new Gate();
        Gate stranger = new Gate((exchange, self) -> {
          authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          Gate.respond(exchange, 200, "text/plain", "Hello");
        })) {
      HttpClient http = asUser(gate.url(), "user-22").httpClient();
      http.send(HttpRequest.newBuilder(URI.create(stranger.url())).build(), BodyHandlers.ofString());
      assertEquals(List.of("null"), authorizations);
      HttpClient following = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
      assertThrows(
          IllegalArgumentException.class, () -> LatchkeyClient.builder(gate.url()).httpClient(following));
    }
  }

  @Test
  void operationsOutsideTheContract() throws Exception {
    try (Gate gate = new Gate()) {
      HttpClient http = asUser(gate.url(), "user-23").httpClient();
      revokeTokens("samples:four");
      URI address = URI.create(gate.url() + "/protected");
      HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30)).build();
      assertEquals(200, http.send(request, BodyHandlers.ofString()).statusCode());
      gate.assertPassed("POST /refresh", 1);

      HttpRequest own = HttpRequest.newBuilder(address).header("Authorization", "Bearer of.my.own").build();
      HttpResponse<String> refused = http.send(own, BodyHandlers.ofString());
      assertEquals(401, refused.statusCode());
      assertFalse(refused.body().isEmpty());
      gate.assertPassed("POST /refresh", 1);
    }
  }

  @Test
  void publicOperationsWorkWithoutTheSession() throws Exception {
    try (Gate gate = new Gate()) {
      Tokens tokens = expiringTokensOf("user-24");
      LatchkeyClient.builder(Service.URL).tokens(tokens).build().logout();
      LatchkeyClient client = LatchkeyClient.builder(gate.url()).tokens(tokens).build();
      client.api(ServiceApi::new).getLive();
      gate.assertPassed("POST /refresh", 0);
      UsersApi users = client.api(UsersApi::new);
      assertRefused(401, ProblemCode.INVALID_REFRESH_TOKEN, () -> users.getUser(UUID.randomUUID()));
    }
  }

  @Test
  void tokensThatLiveForLessThanTheMargin() throws Exception {
    try (Gate gate = new Gate()) {
      Tokens tokens =
          Service.withTimes(asUser(Service.URL, "user-27"), Instant.now(), Instant.now().plusSeconds(8));
      callProtected(LatchkeyClient.builder(gate.url()).tokens(tokens).build());
      gate.assertPassed("POST /refresh", 0);
    }
  }

  @Test
  void aServiceBehindAPath() throws Exception {
    try (Gate gate = new Gate()) {
      callProtected(asUser(gate.url() + "/auth/", "user-26"));
      gate.assertPassed("GET /auth/protected", 1);
    }
  }
}
