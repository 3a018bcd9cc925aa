package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

const parallel = 20

// together calls from many goroutines at once, and returns their errors.
func together(call func() error) []error {
	failures := make([]error, parallel)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range parallel {
		group.Add(1)
		go func() {
			defer group.Done()
			<-start
			failures[i] = call()
		}()
	}
	close(start)
	group.Wait()
	return failures
}

func expectNone(t *testing.T, failures []error) {
	t.Helper()
	for _, err := range failures {
		noError(t, err)
	}
}

// expiring returns tokens as they are shortly before they expire.
func expiring(tokens latchkey.Tokens) latchkey.Tokens {
	tokens.IssuedAt = time.Now().Add(-time.Hour)
	tokens.ExpiresAt = time.Now().Add(2 * time.Second)
	return tokens
}

func TestTokensThatLiveForLessThanTheMargin(t *testing.T) {
	gate := newGate(t, nil)
	tokens, _ := asUser(t, live(t), "user-27").Tokens()
	tokens.ExpiresAt = tokens.IssuedAt.Add(8 * time.Second)
	noError(t, callProtected(t.Context(), newClient(t, gate.URL, latchkey.WithTokens(tokens))))
	gate.expect(t, "POST /refresh", 0)
}

func TestOneRefreshForManyRefusedCalls(t *testing.T) {
	gate := newGate(t, nil)
	client := asUser(t, gate.URL, "user-11")
	revokeTokens(t, "samples:one")
	expectNone(t, together(func() error { return callProtected(t.Context(), client) }))
	gate.expect(t, "POST /refresh", 1)
}

func TestOneRefreshForManyCallsBeforeTheTokenExpires(t *testing.T) {
	gate := newGate(t, nil)
	tokens, _ := asUser(t, live(t), "user-12").Tokens()
	var told []*latchkey.Tokens
	client := newClient(t, gate.URL, latchkey.WithTokens(expiring(tokens)),
		latchkey.OnTokens(func(tokens *latchkey.Tokens) { told = append(told, tokens) }))
	expectNone(t, together(func() error { return callProtected(t.Context(), client) }))
	gate.expect(t, "POST /refresh", 1)
	gate.expect(t, "GET /protected", parallel) // none was refused first
	if kept, _ := client.Tokens(); len(told) != 1 || *told[0] != kept {
		t.Errorf("the new tokens were told %d times", len(told))
	}
}

func TestNoRefreshWithoutNeed(t *testing.T) {
	gate := newGate(t, nil)
	client := asUser(t, gate.URL, "user-13")
	expectNone(t, together(func() error { return callProtected(t.Context(), client) }))
	gate.expect(t, "POST /refresh", 0)
}

func TestARefusedCallIsSentAgainWithItsBody(t *testing.T) {
	gate := newGate(t, nil)
	revokeTokens(t, "roles:write")
	client := asUser(t, gate.URL, "user-14")
	revokeTokens(t, "roles:write", "samples:two")
	_, err := client.API.PutRoleWithResponse(t.Context(), "made-in-go", api.PutRoleRequest{Permissions: []string{"a:read"}})
	noError(t, err)
	gate.expect(t, "POST /refresh", 1)
	gate.expect(t, "PUT /roles/made-in-go", 2)
	gate.expect(t, "POST /login", 1)
}

func TestABodyThatCanBeReadOnceIsNotSentAgain(t *testing.T) {
	gate := newGate(t, nil)
	revokeTokens(t, "roles:write")
	client := asUser(t, gate.URL, "user-15")
	revokeTokens(t, "roles:write", "samples:three")
	put := func() error {
		body := struct{ *strings.Reader }{strings.NewReader(`{"permissions": ["a:read"]}`)}
		_, err := client.API.PutRoleWithBodyWithResponse(t.Context(), "made-in-go", "application/json", body)
		return err
	}
	expectCode(t, put(), http.StatusUnauthorized, api.ProblemCodeInvalidToken)
	gate.expect(t, "PUT /roles/made-in-go", 1)
	noError(t, put()) // the token was refreshed all the same
}

func TestARefusedCallIsSentAgainOnce(t *testing.T) {
	gate := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/protected" {
			r.Header.Set("Authorization", "Bearer of.no.use")
		}
		next.ServeHTTP(w, r)
	})
	client := asUser(t, gate.URL, "user-16")
	expectCode(t, callProtected(t.Context(), client), http.StatusUnauthorized, api.ProblemCodeInvalidToken)
	gate.expect(t, "POST /refresh", 1)
	gate.expect(t, "GET /protected", 2)
}

func TestASessionThatHasEnded(t *testing.T) {
	gate := newGate(t, nil)
	told := 0
	forgotten := false
	client := asUser(t, gate.URL, "user-17", latchkey.OnTokens(func(tokens *latchkey.Tokens) {
		told++
		forgotten = tokens == nil
	}))
	other := asUser(t, live(t), "user-17")
	_, err := other.API.EndOtherSessionsWithResponse(t.Context())
	noError(t, err)
	for _, err := range together(func() error { return callProtected(t.Context(), client) }) {
		// The callers after the first find no tokens.
		codes := []api.ProblemCode{api.ProblemCodeInvalidRefreshToken, api.ProblemCodeAuthenticationRequired}
		if !slices.Contains(codes, latchkey.CodeOf(err)) {
			t.Errorf("it failed with %v", err)
		}
	}
	gate.expect(t, "POST /refresh", 1)
	if _, ok := client.Tokens(); ok || told != 2 || !forgotten {
		t.Errorf("the tokens were not forgotten, or not told of: %d, %t", told, forgotten)
	}
}

func TestARefreshThatFailsOtherwiseKeepsTheTokens(t *testing.T) {
	away := true
	gate := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/refresh" && away {
			http.Error(w, "<html>Bad gateway</html>", http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	})
	tokens, _ := asUser(t, live(t), "user-18").Tokens()
	client := newClient(t, gate.URL, latchkey.WithTokens(expiring(tokens)))
	if problem := problemIn(t, callProtected(t.Context(), client)); problem.Status != http.StatusBadGateway {
		t.Errorf("it failed with %v", problem)
	}
	away = false
	noError(t, callProtected(t.Context(), client))
}

// heldRefresh is a client whose refresh waits at the gate, until release is called.
func heldRefresh(t *testing.T, username string) (client *latchkey.Client, arrived chan struct{}, release func()) {
	t.Helper()
	arrived, released := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	gate := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/refresh" {
			close(arrived)
			<-released
		}
		next.ServeHTTP(w, r)
	})
	t.Cleanup(release)
	tokens, _ := asUser(t, live(t), username).Tokens()
	return newClient(t, gate.URL, latchkey.WithTokens(expiring(tokens))), arrived, release
}

func TestACallThatGivesUpLeavesTheRefreshToTheOthers(t *testing.T) {
	client, arrived, release := heldRefresh(t, "user-19")
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error), make(chan error)
	go func() { impatient <- callProtected(ctx, client) }()
	<-arrived
	go func() { patient <- callProtected(t.Context(), client) }()
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Errorf("it failed with %v", err)
	}
	release()
	noError(t, <-patient)
}

func TestALogoutDuringARefreshStays(t *testing.T) {
	client, arrived, release := heldRefresh(t, "user-20")
	call := make(chan error)
	go func() { call <- callProtected(t.Context(), client) }()
	<-arrived
	noError(t, client.Logout(t.Context()))
	release()
	if err := <-call; problemIn(t, err).Status != http.StatusUnauthorized {
		t.Errorf("it failed with %v", err)
	}
	if _, ok := client.Tokens(); ok {
		t.Error("the refresh brought tokens back")
	}
}

func TestALoginDuringARefreshStays(t *testing.T) {
	client, arrived, release := heldRefresh(t, "user-21")
	call := make(chan error)
	go func() { call <- callProtected(t.Context(), client) }()
	<-arrived
	tokens, err := client.Login(t.Context(), os.Getenv("LATCHKEY_READER_USERNAME"), os.Getenv("LATCHKEY_READER_PASSWORD"))
	noError(t, err)
	release()
	// The call was the first user's: it must not be sent for the second.
	expectCode(t, <-call, http.StatusUnauthorized, api.ProblemCodeAuthenticationRequired)
	if kept, _ := client.Tokens(); kept != tokens {
		t.Error("the refresh of the old session replaced the tokens of the new one")
	}
}

func TestTokensStayWithTheService(t *testing.T) {
	var got []string
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	gate := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/elsewhere" {
			http.Redirect(w, r, stranger.URL, http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
	httpClient := asUser(t, gate.URL, "user-22").HTTPClient()
	for _, address := range []string{stranger.URL, gate.URL + "/elsewhere"} {
		response, err := httpClient.Get(address)
		noError(t, err)
		noError(t, response.Body.Close())
	}
	if !slices.Equal(got, []string{"", ""}) {
		t.Errorf("a stranger was sent %q", got)
	}
}

func TestOperationsOutsideTheContract(t *testing.T) {
	gate := newGate(t, nil)
	httpClient := asUser(t, gate.URL, "user-23").HTTPClient()
	revokeTokens(t, "samples:four")
	own, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gate.URL+"/protected", nil)
	noError(t, err)
	response, err := httpClient.Do(own)
	noError(t, err)
	noError(t, response.Body.Close())
	if response.StatusCode != http.StatusOK || own.Header.Get("Authorization") != "" {
		t.Errorf("%s, and the request has %v", response.Status, own.Header)
	}
	gate.expect(t, "POST /refresh", 1)

	own.Header.Set("Authorization", "Bearer of.my.own")
	response, err = httpClient.Do(own)
	noError(t, err)
	noError(t, response.Body.Close())
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a request with an Authorization header of its own got %s", response.Status)
	}
	gate.expect(t, "POST /refresh", 1)
}

func TestPublicOperationsWorkWithoutTheSession(t *testing.T) {
	gate := newGate(t, nil)
	tokens, _ := asUser(t, live(t), "user-24").Tokens()
	client := newClient(t, gate.URL, latchkey.WithTokens(expiring(tokens)))
	noError(t, newClient(t, live(t), latchkey.WithTokens(tokens)).Logout(t.Context()))
	_, err := client.API.GetJwksWithResponse(t.Context())
	noError(t, err)
	gate.expect(t, "POST /refresh", 0)
	_, err = client.API.GetUserWithResponse(t.Context(), api.ID{})
	expectCode(t, err, http.StatusUnauthorized, api.ProblemCodeInvalidRefreshToken)
}

func TestAServiceBehindAPath(t *testing.T) {
	gate := newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/auth")
		next.ServeHTTP(w, r)
	})
	client := asUser(t, gate.URL+"/auth/", "user-26")
	noError(t, callProtected(t.Context(), client))
	gate.expect(t, "GET /auth/protected", 1)
}
