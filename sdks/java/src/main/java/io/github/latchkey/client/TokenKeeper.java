package io.github.latchkey.client;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Keeps the tokens, and replaces them once however many threads need it. */
final class TokenKeeper {
  /** An access token, and the login that it comes from. */
  record Bearer(String token, long login) {}

  /** A refresh under way. It completes when the tokens are kept. */
  private record Exchange(long login, String refreshToken, CompletableFuture<Tokens> result) {}

  private record Change(Tokens tokens) {}

  private final Function<String, Tokens> refresh;
  private final Consumer<Optional<Tokens>> onTokens;
  /** Held from a change of the tokens until it has been told, so that changes are told in order. */
  private final Object announcing = new Object();

  // What follows is guarded by this, which is never held while anything is waited for.
  private Tokens tokens;
  /** Tells the sessions apart, so that no request of one user is sent with the token of the next. */
  private long login;
  private Exchange exchange;
  /** The exchange that the service refused, until the next login. */
  private Exchange ended;

  TokenKeeper(Tokens tokens, Function<String, Tokens> refresh, Consumer<Optional<Tokens>> onTokens) {
    this.tokens = tokens;
    this.refresh = refresh;
    this.onTokens = onTokens;
  }

  synchronized Optional<Tokens> current() {
    return Optional.ofNullable(tokens);
  }

  synchronized long login() {
    return login;
  }

  /** Keeps the tokens of a new login. */
  void begin(Tokens fresh) {
    change(() -> {
      login++;
      ended = null;
      return new Change(fresh);
    });
  }

  /** Keeps new tokens of the same login, unless it is over. */
  void replace(long ofLogin, Tokens fresh) {
    change(() -> login == ofLogin ? new Change(fresh) : null);
  }

  /** Gives the tokens that it forgot. */
  Optional<Tokens> forget() {
    Tokens[] forgotten = new Tokens[1];
    change(() -> {
      login++;
      forgotten[0] = tokens;
      return tokens == null ? null : new Change(null);
    });
    return Optional.ofNullable(forgotten[0]);
  }

  /** Gives an access token that is good for a while; null where there is no session. */
  CompletableFuture<Bearer> bearer() {
    Bearer held;
    synchronized (this) {
      if (tokens == null) {
        return CompletableFuture.completedFuture(null);
      }
      held = new Bearer(tokens.accessToken(), login);
      if (!tokens.areStale()) {
        return CompletableFuture.completedFuture(held);
      }
    }
    return renew(held);
  }

  /** Gives what comes after a stale access token; null where its session has ended meanwhile. */
  CompletableFuture<Bearer> renew(Bearer stale) {
    Exchange current;
    boolean isNew = false;
    synchronized (this) {
      if (!isNewest(stale)) {
        return after(stale);
      }
      if (exchange == null || exchange.login() != login) {
        exchange = new Exchange(login, tokens.refreshToken(), new CompletableFuture<>());
        isNew = true;
      }
      current = exchange;
    }
    if (isNew) {
      start(current);
    }
    return current.result().thenCompose(kept -> after(stale));
  }

  private synchronized boolean isNewest(Bearer stale) {
    return tokens != null && login == stale.login() && tokens.accessToken().equals(stale.token());
  }

  private synchronized CompletableFuture<Bearer> after(Bearer stale) {
    if (ended != null && ended.login() == stale.login()) {
      return ended.result().thenApply(never -> null);
    }
    boolean isOver = tokens == null || login != stale.login();
    return CompletableFuture.completedFuture(isOver ? null : new Bearer(tokens.accessToken(), login));
  }

  /**
   * A thread of its own: it goes on when the one that began it is interrupted, since others may wait for it, and it needs
   * none of a pool whose threads may all be waiting.
   */
  private void start(Exchange started) {
    Thread thread = new Thread(() -> run(started), "latchkey-refresh");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(Exchange started) {
    try {
      Tokens fresh = refresh.apply(started.refreshToken());
      finish(started, () -> new Change(fresh));
      started.result().complete(fresh);
    } catch (Throwable error) {
      boolean isOver = error instanceof LatchkeyException refused && refused.status() == 401;
      finish(started, () -> {
        if (!isOver) {
          return null;
        }
        login++;
        ended = started;
        return new Change(null);
      });
      started.result().completeExceptionally(error);
    }
  }

  private void finish(Exchange finished, Supplier<Change> outcome) {
    change(() -> {
      if (exchange == finished) {
        exchange = null;
      }
      // After a logout, another login or a change of the password, what came of the old tokens is of no use.
      boolean isOurs = login == finished.login() && tokens.refreshToken().equals(finished.refreshToken());
      return isOurs ? outcome.get() : null;
    });
  }

  /** Changes the tokens, unless it is given null, and tells of it. */
  private void change(Supplier<Change> next) {
    synchronized (announcing) {
      Change change;
      synchronized (this) {
        change = next.get();
        if (change != null) {
          tokens = change.tokens();
        }
      }
      if (change != null) {
        onTokens.accept(Optional.ofNullable(change.tokens()));
      }
    }
  }
}
