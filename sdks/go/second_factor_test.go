package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

// credential is what a browser might send, signed by nobody.
const credential = `{"id": "AAAAAAAAAAAAAAAAAAAAAA", "rawId": "AAAAAAAAAAAAAAAAAAAAAA", "type": "public-key",
	"response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"}}`

func factorUser() (username, password string) {
	return os.Getenv("LATCHKEY_FACTOR_USERNAME"), os.Getenv("LATCHKEY_FACTOR_PASSWORD")
}

// recoveryCode is in the place of a code of an authenticator app; each works once.
func recoveryCode(number int) string {
	return strings.Fields(os.Getenv("LATCHKEY_RECOVERY_CODES"))[number]
}

// beginLogin returns what the login of the user with an authenticator app asks for.
func beginLogin(t *testing.T, client *latchkey.Client, acrValues ...string) *latchkey.SecondFactor {
	t.Helper()
	username, password := factorUser()
	_, err := client.Login(t.Context(), username, password, acrValues...)
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeSecondFactorRequired)
	return latchkey.SecondFactorOf(err)
}

// The README shows this.
func logInWithCode(ctx context.Context, client *latchkey.Client, username, password string, askForCode func() string) error {
	_, err := client.Login(ctx, username, password)
	if secondFactor := latchkey.SecondFactorOf(err); secondFactor != nil {
		_, err = client.FinishLogin(ctx, secondFactor, askForCode())
	}
	return err
}

// The README shows this.
func removeReports(ctx context.Context, client *latchkey.Client, logInAgain func(acrValues ...string) error) error {
	_, err := client.API.RemoveReportsWithResponse(ctx)
	if stepUp := latchkey.StepUpOf(err); stepUp != nil {
		if err = logInAgain(stepUp.ACRValues...); err == nil {
			_, err = client.API.RemoveReportsWithResponse(ctx)
		}
	}
	return err
}

func TestReadmeShowsWhatWorks(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	noError(t, err)
	tests, err := os.ReadFile("second_factor_test.go")
	noError(t, err)
	for _, name := range []string{"logInWithCode", "removeReports"} {
		_, rest, _ := strings.Cut(string(tests), "func "+name+"(")
		body, _, _ := strings.Cut(rest, "\n}\n")
		if shown := "func " + name + "(" + body + "\n}\n"; !strings.Contains(string(readme), shown) {
			t.Errorf("README.md does not show:\n%s", shown)
		}
	}
}

func TestSecondStepOfALogin(t *testing.T) {
	client := newClient(t, live(t))
	secondFactor := beginLogin(t, client)
	if !slices.Equal(secondFactor.Methods, []api.SecondFactorMethod{api.SecondFactorMethodTotp, api.SecondFactorMethodRecoveryCode}) {
		t.Errorf("the methods are %v", secondFactor.Methods)
	}
	if secondFactor.ExpiresIn < 4*time.Minute || secondFactor.ExpiresIn > 5*time.Minute {
		t.Errorf("it ends in %v", secondFactor.ExpiresIn)
	}
	_, err := client.FinishLogin(t.Context(), secondFactor, "000 000")
	expectCode(t, err, http.StatusForbidden, api.ProblemCodeWrongSecondFactor)
	if _, ok := client.Tokens(); ok {
		t.Error("there are tokens")
	}
	finished, err := client.FinishLogin(t.Context(), secondFactor, recoveryCode(0))
	noError(t, err)
	if kept, _ := client.Tokens(); kept != finished {
		t.Error("the tokens were not kept")
	}
	noError(t, callProtected(t.Context(), client))
	_, err = client.FinishLogin(t.Context(), secondFactor, recoveryCode(1))
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeInvalidLoginToken)
	if strings.Contains(fmt.Sprint(err), secondFactor.LoginToken) {
		t.Error("a log would have the token")
	}

	username, password := factorUser()
	noError(t, logInWithCode(t.Context(), client, username, password, func() string { return recoveryCode(1) }))
}

func TestStepUp(t *testing.T) {
	client := asUser(t, live(t), "user-37")
	_, err := client.API.RemoveReportsWithResponse(t.Context())
	problem := expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeInsufficientUserAuthentication)
	if !slices.Equal(problem.StepUp.ACRValues, []string{"aal2"}) || problem.StepUp.MaxAge != 300*time.Second {
		t.Errorf("it asks for %#v", problem.StepUp)
	}
	noError(t, removeReports(t.Context(), client, func(acrValues ...string) error {
		_, err := client.FinishLogin(t.Context(), beginLogin(t, client, acrValues...), recoveryCode(2))
		return err
	}))
}

func TestAPasskeyAsJSON(t *testing.T) {
	client := newClient(t, live(t))
	options, err := client.API.CreatePasskeyLoginOptionsWithResponse(t.Context(), api.PasskeyLoginOptionsRequest{})
	noError(t, err)
	if options.JSON200.RpID != "localhost" || !json.Valid(options.Body) {
		t.Errorf("the options are %s", options.Body)
	}
	_, err = client.LoginWithPasskey(t.Context(), json.RawMessage(credential), nil)
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeInvalidPasskey)
	_, err = client.LoginWithPasskey(t.Context(), json.RawMessage(credential), beginLogin(t, client))
	expectCode(t, err, http.StatusForbidden, api.ProblemCodeWrongSecondFactor)
	if _, err = client.LoginWithPasskey(t.Context(), json.RawMessage("{"), nil); err == nil {
		t.Error("what is not JSON was sent")
	}
}
