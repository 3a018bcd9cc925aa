package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

// live is the service's address, for the tests that need it; the others run without.
func live(t *testing.T) string {
	t.Helper()
	address := os.Getenv("LATCHKEY_URL")
	if address == "" {
		t.Skip("LATCHKEY_URL is not set: this needs a running service (npm run test:sdks -- go)")
	}
	return address
}

func newClient(t *testing.T, address string, options ...latchkey.Option) *latchkey.Client {
	t.Helper()
	client, err := latchkey.New(address, options...)
	noError(t, err)
	return client
}

func logIn(t *testing.T, address, username, password string, options ...latchkey.Option) *latchkey.Client {
	t.Helper()
	client := newClient(t, address, options...)
	_, err := client.Login(t.Context(), username, password)
	noError(t, err)
	return client
}

func asAdmin(t *testing.T, address string) *latchkey.Client {
	t.Helper()
	return logIn(t, address, os.Getenv("LATCHKEY_ADMIN_USERNAME"), os.Getenv("LATCHKEY_ADMIN_PASSWORD"))
}

func asReader(t *testing.T, address string) *latchkey.Client {
	t.Helper()
	return logIn(t, address, os.Getenv("LATCHKEY_READER_USERNAME"), os.Getenv("LATCHKEY_READER_PASSWORD"))
}

// asUser returns one of user-01 to user-45, who have the role "sample".
func asUser(t *testing.T, address, username string, options ...latchkey.Option) *latchkey.Client {
	t.Helper()
	return logIn(t, address, username, os.Getenv("LATCHKEY_USER_PASSWORD"), options...)
}

// revokeTokens revokes the access tokens of all users with the role "sample", until they are refreshed.
func revokeTokens(t *testing.T, permissions ...string) {
	t.Helper()
	_, err := asAdmin(t, live(t)).API.PutRoleWithResponse(t.Context(), "sample", api.PutRoleRequest{Permissions: permissions})
	noError(t, err)
}

func callProtected(ctx context.Context, client *latchkey.Client) error {
	_, err := client.API.GetProtectedWithResponse(ctx)
	return err
}

// gate is a proxy in front of the real service, which counts requests, and lets a test intercept them.
type gate struct {
	URL    string
	mutex  sync.Mutex
	passed map[string]int
}

// newGate takes a function that may change a request, or delay or drop it.
func newGate(t *testing.T, pass func(w http.ResponseWriter, r *http.Request, next http.Handler)) *gate {
	t.Helper()
	service, err := url.Parse(live(t))
	noError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(service)
	gate := &gate{passed: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gate.mutex.Lock()
		gate.passed[r.Method+" "+r.URL.Path]++
		gate.mutex.Unlock()
		if pass == nil {
			proxy.ServeHTTP(w, r)
		} else {
			pass(w, r, proxy)
		}
	}))
	t.Cleanup(server.Close)
	gate.URL = server.URL
	return gate
}

func (gate *gate) hasPassed(operation string) bool {
	gate.mutex.Lock()
	defer gate.mutex.Unlock()
	return gate.passed[operation] > 0
}

func (gate *gate) expect(t *testing.T, operation string, times int) {
	t.Helper()
	gate.mutex.Lock()
	defer gate.mutex.Unlock()
	if gate.passed[operation] != times {
		t.Errorf("%s was sent %d times, not %d: %v", operation, gate.passed[operation], times, gate.passed)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func problemIn(t *testing.T, err error) *latchkey.Error {
	t.Helper()
	var problem *latchkey.Error
	if !errors.As(err, &problem) {
		t.Fatalf("expected a *latchkey.Error, got: %v", err)
	}
	return problem
}

func expectCode(t *testing.T, err error, status int, code api.ProblemCode) *latchkey.Error {
	t.Helper()
	problem := problemIn(t, err)
	if problem.Status != status || problem.Code != code {
		t.Fatalf("it failed with %d %q, not %d %q", problem.Status, problem.Code, status, code)
	}
	if problem.Title == "" || problem.Detail == "" || problem.RequestID == "" {
		t.Errorf("something is missing: %#v", problem)
	}
	return problem
}
