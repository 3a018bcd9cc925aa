package latchkey_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

func TestLoginOpensProtectedOperations(t *testing.T) {
	client := asReader(t, live(t))
	response, err := client.API.GetProtectedWithResponse(t.Context())
	noError(t, err)
	if response.JSON200.Message == "" {
		t.Error("the response has no message")
	}
	tokens, ok := client.Tokens()
	if !ok || tokens.AccessToken == "" || tokens.RefreshToken == "" || !tokens.ExpiresAt.Before(tokens.RefreshExpiresAt) {
		t.Errorf("the tokens are not what a login gives: %#v", tokens)
	}
	if strings.Contains(fmt.Sprint(tokens), tokens.RefreshToken) {
		t.Error("a log would have the tokens")
	}
}

func TestLoginWithAWrongPassword(t *testing.T) {
	client := newClient(t, live(t))
	_, err := client.Login(t.Context(), "user-01", "not the password")
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeInvalidCredentials)
	if _, ok := client.Tokens(); ok {
		t.Error("there are tokens")
	}
}

func TestTooManyFailedLogins(t *testing.T) {
	client := newClient(t, live(t))
	for range 10 {
		_, err := client.Login(t.Context(), "user-02", "not the password")
		if latchkey.CodeOf(err) == api.ProblemCodeTooManyAttempts {
			problem := expectCode(t, err, http.StatusTooManyRequests, api.ProblemCodeTooManyAttempts)
			if problem.RetryAfter <= 0 {
				t.Error("it does not say how long to wait")
			}
			return
		}
	}
	t.Error("ten failed logins were not slowed down")
}

func TestWithoutALogin(t *testing.T) {
	err := callProtected(t.Context(), newClient(t, live(t)))
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeAuthenticationRequired)
}

func TestWithoutThePermission(t *testing.T) {
	_, err := asReader(t, live(t)).API.ListUsersWithResponse(t.Context(), &api.ListUsersParams{})
	expectCode(t, err, http.StatusForbidden, api.ProblemCodeInsufficientScope)
}

func TestRefusedFields(t *testing.T) {
	password := "short"
	_, err := asAdmin(t, live(t)).API.CreateUserWithResponse(t.Context(), api.CreateUserRequest{Username: "new", Password: &password})
	problem := expectCode(t, err, http.StatusUnprocessableEntity, api.ProblemCodeValidationFailed)
	if len(problem.Errors) == 0 {
		t.Error("it does not say which field was refused")
	}
	for field := range problem.Errors {
		if !strings.Contains(field, "password") {
			t.Errorf("%s was refused", field)
		}
	}
}

func TestOAuthErrors(t *testing.T) {
	id, secret := "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "wrong"
	_, err := newClient(t, live(t)).API.ExchangeGrantWithFormdataBodyWithResponse(t.Context(), api.TokenRequest{
		GrantType: "client_credentials", ClientID: &id, ClientSecret: &secret,
	})
	problem := problemIn(t, err)
	if problem.Status != http.StatusUnauthorized || problem.OAuthCode != api.OAuthErrorCodeInvalidClient || problem.Code != "" {
		t.Errorf("it failed with %#v", problem)
	}
}

func TestAllPagesOfUsers(t *testing.T) {
	client := asAdmin(t, live(t))
	limit := int32(10)
	seen := map[string]bool{}
	pages := 0
	for params := (&api.ListUsersParams{Limit: &limit}); ; {
		page, err := client.API.ListUsersWithResponse(t.Context(), params)
		noError(t, err)
		pages++
		for _, user := range page.JSON200.Items {
			if seen[user.Username] {
				t.Errorf("%s came twice", user.Username)
			}
			seen[user.Username] = true
		}
		if page.JSON200.NextCursor == nil {
			break
		}
		params.Cursor = page.JSON200.NextCursor
	}
	if pages < 5 || !seen["user-01"] || !seen["user-45"] {
		t.Errorf("%d pages had %d users", pages, len(seen))
	}
}

func TestChangeOfPassword(t *testing.T) {
	const password = "correct horse battery staple"
	client := asUser(t, live(t), "user-03")
	before, _ := client.Tokens()
	_, err := client.ChangePassword(t.Context(), "not the password", password)
	expectCode(t, err, http.StatusForbidden, api.ProblemCodeWrongPassword)
	after, err := client.ChangePassword(t.Context(), os.Getenv("LATCHKEY_USER_PASSWORD"), password)
	noError(t, err)
	if kept, _ := client.Tokens(); kept != after || kept == before {
		t.Error("the new tokens were not kept")
	}
	noError(t, callProtected(t.Context(), client))
	logIn(t, live(t), "user-03", password)
}

func TestAFileForAnAPIThatIsBuiltOnTheService(t *testing.T) {
	revokeTokens(t, "samples:read")
	client := asUser(t, live(t), "user-06")
	revokeTokens(t, "samples:read", "samples:file") // it is sent again after a refresh
	add := func(file latchkey.File, title string) (*api.AddReportResponse, error) {
		contentType, body, err := latchkey.Form(map[string]string{"title": title}, file)
		noError(t, err)
		return client.API.AddReportWithBodyWithResponse(t.Context(), contentType, body)
	}
	file := latchkey.File{Field: "file", Name: `jül "7".txt`, Type: "text/plain", Content: []byte("All is well.")}
	response, err := add(file, "Jül 一")
	noError(t, err)
	if report := response.JSON201; report.FileName != file.Name || report.Title != "Jül 一" || report.Text != "All is well." {
		t.Errorf("the report is %#v", report)
	}
	reports, err := client.API.ListReportsWithResponse(t.Context())
	noError(t, err)
	if !slices.ContainsFunc(reports.JSON200.Items, func(report api.Report) bool { return report.FileName == file.Name }) {
		t.Errorf("the reports are %#v", reports.JSON200.Items)
	}
	_, err = add(latchkey.File{Field: "file", Name: "a.gif", Type: "image/gif", Content: []byte("GIF")}, "August")
	problem := expectCode(t, err, http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMediaType)
	if problem.Detail != `The file "file" is image/gif. It may be text/plain.` {
		t.Error(problem.Detail)
	}
}

func TestAStream(t *testing.T) {
	response, err := asAdmin(t, live(t)).API.FollowRevocations(t.Context(), &api.FollowRevocationsParams{})
	noError(t, err)
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var page api.RevocationPage
			noError(t, json.Unmarshal([]byte(data), &page))
			if page.Complete {
				return
			}
		}
	}
	t.Error("the stream ended")
}

func TestLogout(t *testing.T) {
	client := asUser(t, live(t), "user-04")
	tokens, _ := client.Tokens()
	noError(t, client.Logout(t.Context()))
	if _, ok := client.Tokens(); ok {
		t.Error("there are tokens still")
	}
	expectCode(t, callProtected(t.Context(), client), http.StatusUnauthorized, api.ProblemCodeAuthenticationRequired)
	noError(t, client.Logout(t.Context()))

	copied := newClient(t, live(t), latchkey.WithTokens(tokens))
	expectCode(t, callProtected(t.Context(), copied), http.StatusUnauthorized, api.ProblemCodeInvalidRefreshToken)
}

func TestLogoutWhileTheServiceIsAway(t *testing.T) {
	closed := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/logout" {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		next.ServeHTTP(w, r)
	})
	client := asUser(t, closed.URL, "user-05")
	if err := client.Logout(t.Context()); err == nil {
		t.Error("it does not say that the service could not be told")
	}
	if _, ok := client.Tokens(); ok {
		t.Error("there are tokens still")
	}
}

func TestExample(t *testing.T) {
	live(t)
	output, err := exec.CommandContext(t.Context(), "go", "run", "-buildvcs=false", "./example").CombinedOutput()
	if err != nil || !strings.Contains(string(output), "Refused: latchkey: 403 insufficient_scope: ") {
		t.Errorf("%v: %s", err, output)
	}
}
