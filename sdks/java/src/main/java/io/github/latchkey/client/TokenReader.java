package io.github.latchkey.client;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.latchkey.client.generated.ApiClient;
import io.github.latchkey.client.model.TokenSet;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Flow.Subscription;

/** Reads the tokens in the body of a response, and then hands the body on. */
final class TokenReader<T> implements BodyHandler<T> {
  private static final ObjectMapper JSON =
      ApiClient.createDefaultObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  private final BodyHandler<T> next;
  private final Instant askedAt;
  private volatile Tokens tokens;

  TokenReader(BodyHandler<T> next, Instant askedAt) {
    this.next = next;
    this.askedAt = askedAt;
  }

  /** The tokens that the response has; null if it has none. */
  Tokens tokens() {
    return tokens;
  }

  @Override
  public BodySubscriber<T> apply(ResponseInfo info) {
    return BodySubscribers.mapping(BodySubscribers.ofByteArray(), body -> {
      if (info.statusCode() < 300) {
        tokens = parse(body);
      }
      return handOn(body, next.apply(info));
    });
  }

  /** The tokens are the whole body, or one of its fields. */
  private Tokens parse(byte[] body) {
    try {
      JsonNode fields = JSON.readTree(body);
      JsonNode set = fields.has("tokens") ? fields.get("tokens") : fields;
      return set.hasNonNull("refresh_token") ? Tokens.of(JSON.treeToValue(set, TokenSet.class), askedAt) : null;
    } catch (IOException notJson) {
      return null;
    }
  }

  private static <T> T handOn(byte[] body, BodySubscriber<T> subscriber) {
    subscriber.onSubscribe(new Subscription() {
      @Override
      public void request(long number) {}

      @Override
      public void cancel() {}
    });
    if (body.length > 0) {
      subscriber.onNext(List.of(ByteBuffer.wrap(body)));
    }
    subscriber.onComplete();
    return subscriber.getBody().toCompletableFuture().join();
  }
}
