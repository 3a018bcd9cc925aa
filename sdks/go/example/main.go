// Logs in, calls a protected operation, catches an error by its code, and logs out.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

func main() {
	ctx := context.Background()
	client, err := latchkey.New(os.Getenv("LATCHKEY_URL"))
	check(err)
	_, err = client.Login(ctx, os.Getenv("LATCHKEY_READER_USERNAME"), os.Getenv("LATCHKEY_READER_PASSWORD"))
	check(err)

	response, err := client.API.GetProtectedWithResponse(ctx)
	check(err)
	fmt.Println(response.JSON200.Message)

	_, err = client.API.ListUsersWithResponse(ctx, &api.ListUsersParams{})
	if latchkey.CodeOf(err) != api.ProblemCodeInsufficientScope {
		log.Fatal("expected a refusal, got: ", err)
	}
	fmt.Println("Refused:", err)

	check(client.Logout(ctx))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
