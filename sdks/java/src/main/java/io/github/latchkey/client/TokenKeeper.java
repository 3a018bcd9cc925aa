package io.github.latchkey.client;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Stores the tokens, and refreshes them once however many threads need new ones. */
final class TokenKeeper {
  /** An access token, and the login that it comes from. */
  record Bearer(String token, long login) {}

  /**
   * A refresh in progress, or another operation that gives the session its next tokens. It completes when the tokens are
   * stored.
   *
   * @param refreshToken that of a refresh, otherwise null
   */
  record Exchange(long login, String refreshToken, CompletableFuture<Tokens> result) {}

  private record Change(Tokens tokens) {}

  private final Function<String, Tokens> refresh;
  private final Consumer<Optional<Tokens>> onTokens;
  /** Held from a change of the tokens until {@code onTokens} has returned, so that changes are reported in order. */
  private final Object announcing = new Object();

  // The fields below are guarded by this, which is never held while waiting.
  private Tokens tokens;
  /** Identifies the session, so that no request of one user is sent with the token of the next. */
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

  /** Stores the tokens of a new login. */
  void begin(Tokens fresh) {
    change(() -> {
      login++;
      ended = null;
      return new Change(fresh);
    });
  }

  /**
   * Begins an exchange by another operation than a refresh, when the one that is running has ended. No refresh runs until
   * {@link #release}: it would present a refresh token that has just stopped working.
   */
  CompletableFuture<Exchange> reserve(long ofLogin) {
    Exchange running;
    synchronized (this) {
      running = exchange;
      if (running == null || running.login() != login) {
        Exchange reserved = new Exchange(ofLogin, null, new CompletableFuture<>());
        if (ofLogin == login) {
          exchange = reserved;
        }
        return CompletableFuture.completedFuture(reserved);
      }
    }
    return running.result().handle((kept, error) -> null).thenCompose(over -> reserve(ofLogin));
  }

  /** Ends an exchange that was reserved, and stores its tokens, unless they are null or the session has ended. */
  void release(Exchange reserved, Tokens fresh) {
    try {
      change(() -> {
        if (exchange == reserved) {
          exchange = null;
        }
        return fresh != null && login == reserved.login() ? new Change(fresh) : null;
      });
    } finally {
      reserved.result().complete(fresh);
    }
  }

  /** Deletes the tokens and returns them. */
  Optional<Tokens> forget() {
    Tokens[] forgotten = new Tokens[1];
    change(() -> {
      login++;
      forgotten[0] = tokens;
      return tokens == null ? null : new Change(null);
    });
    return Optional.ofNullable(forgotten[0]);
  }

  /** Returns an access token that is valid for a while; null without a session. */
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

  /** Returns the successor of a stale access token; null if its session has ended meanwhile. */
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
    // Another operation than a refresh may have failed, and left the tokens as they were.
    return current.result().thenCompose(kept -> renew(stale));
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
   * In a separate thread: it continues if the one that started it is interrupted, because others may wait for it, and it
   * needs no thread of a pool whose threads may all be waiting.
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
      // After a logout or another login, the result for the old tokens is not used.
      boolean isOurs = login == finished.login() && tokens.refreshToken().equals(finished.refreshToken());
      return isOurs ? outcome.get() : null;
    });
  }

  /** Changes the tokens, unless {@code next} returns null, and calls {@code onTokens}. */
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
