package latchkey_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	latchkey "github.com/latchkey/latchkey-go"
)

func TestVersionIsThatOfTheContract(t *testing.T) {
	path := os.Getenv("LATCHKEY_DOCUMENT")
	if path == "" {
		t.Skip("LATCHKEY_DOCUMENT is not set: it is the path of the contract")
	}
	file, err := os.ReadFile(path)
	noError(t, err)
	var document struct{ Info struct{ Version string } }
	noError(t, json.Unmarshal(file, &document))
	if latchkey.Version != document.Info.Version {
		t.Errorf("this is version %s, of the contract %s", latchkey.Version, document.Info.Version)
	}
}

func TestBaseURLs(t *testing.T) {
	for _, baseURL := range []string{"", "login.example.com", "/api", "ftp://login.example.com", "http://%"} {
		if _, err := latchkey.New(baseURL); err == nil || !strings.Contains(err.Error(), "base URL") {
			t.Errorf("%q: %v", baseURL, err)
		}
	}
}

// clientBehindProxy is a client of a server that simulates a proxy between a client and the service.
func clientBehindProxy(t *testing.T, respond http.HandlerFunc) *latchkey.Client {
	t.Helper()
	server := httptest.NewServer(respond)
	t.Cleanup(server.Close)
	return newClient(t, server.URL+"/behind/a/path")
}

func TestErrorsWithoutAProblem(t *testing.T) {
	client := clientBehindProxy(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/behind/a/path/protected" {
			t.Errorf("it asked for %s", r.URL.Path)
		}
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	problem := problemIn(t, callProtected(t.Context(), client))
	if problem.Status != 503 || !problem.Unexpected() || problem.RetryAfter != 7*time.Second {
		t.Errorf("it failed with %#v", problem)
	}
	if problem.Error() != "latchkey: 503: Service Unavailable" {
		t.Error(problem.Error())
	}
}

func TestAResponseOfAnotherServer(t *testing.T) {
	client := clientBehindProxy(t, func(w http.ResponseWriter, r *http.Request) {
		if agent := r.Header.Get("User-Agent"); agent != "latchkey-go/"+latchkey.Version {
			t.Errorf("the user agent is %q", agent)
		}
		_, _ = w.Write([]byte("<html>Welcome</html>"))
	})
	_, err := client.Login(t.Context(), "ada", "secret")
	problem := problemIn(t, err)
	if !problem.Unexpected() || problem.Status != 200 || problem.Body != "<html>Welcome</html>" {
		t.Errorf("it gave %#v", problem)
	}
	if !strings.Contains(err.Error(), "Is the base URL right?") {
		t.Errorf("it gave %v", err)
	}
	if problem := problemIn(t, callProtected(t.Context(), client)); !problem.Unexpected() {
		t.Errorf("it gave %#v", problem)
	}
	// Also where the service responds without a body.
	if _, err := client.API.EndOtherSessionsWithResponse(t.Context()); !problemIn(t, err).Unexpected() {
		t.Errorf("it gave %v", err)
	}
}

func TestTokensAreStoredAsJSON(t *testing.T) {
	tokens := latchkey.Tokens{AccessToken: "a", RefreshToken: "r", ExpiresAt: time.Now().Round(0).UTC(), Scope: "a:read"}
	stored, err := json.Marshal(tokens)
	noError(t, err)
	var read latchkey.Tokens
	noError(t, json.Unmarshal(stored, &read))
	if read != tokens {
		t.Errorf("%#v became %#v", tokens, read)
	}
	client := newClient(t, "https://login.example.com", latchkey.WithTokens(read))
	if kept, ok := client.Tokens(); !ok || kept != tokens {
		t.Errorf("the client has %#v", kept)
	}
}
