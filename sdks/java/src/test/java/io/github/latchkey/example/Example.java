package io.github.latchkey.example;

import io.github.latchkey.client.LatchkeyClient;
import io.github.latchkey.client.LatchkeyException;
import io.github.latchkey.client.api.ProtectedApi;
import io.github.latchkey.client.api.UsersApi;
import io.github.latchkey.client.model.ProblemCode;

/** Logs in, calls a protected operation, catches an error by its code, and logs out. */
public final class Example {
  public static void main(String[] arguments) {
    LatchkeyClient client = LatchkeyClient.of(System.getenv("LATCHKEY_URL"));
    client.login(System.getenv("LATCHKEY_READER_USERNAME"), System.getenv("LATCHKEY_READER_PASSWORD"));

    System.out.println(client.api(ProtectedApi::new).getProtected().getMessage());
    try {
      client.api(UsersApi::new).listUsers(UsersApi.APIListUsersRequest.newBuilder().role("auditor").build());
    } catch (LatchkeyException refused) {
      if (refused.code() != ProblemCode.INSUFFICIENT_SCOPE) {
        throw refused;
      }
      System.out.println("Refused: " + refused.getMessage());
    }
    client.logout();
  }
}
