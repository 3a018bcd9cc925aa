package latchkey

import (
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey/latchkey-go/generated/api"
)

// Tokens are the tokens of a session, in a form that can be stored as JSON. They give access to the account: store them
// where only its owner can read them.
type Tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	// IssuedAt is when the tokens were requested, by the clock of this machine.
	IssuedAt time.Time `json:"issued_at"`
	// ExpiresAt is when the access token expires, by the clock of this machine.
	ExpiresAt time.Time `json:"expires_at"`
	// RefreshExpiresAt is when the refresh token and the session expire, unless they are refreshed before.
	RefreshExpiresAt time.Time `json:"refresh_expires_at"`
	// Scope has the permissions of the account, space-separated.
	Scope string `json:"scope"`
}

// String leaves out the tokens themselves, because it may be logged.
func (t Tokens) String() string {
	return fmt.Sprintf("latchkey.Tokens{ExpiresAt: %s, RefreshExpiresAt: %s, Scope: %q}",
		t.ExpiresAt.Format(time.RFC3339), t.RefreshExpiresAt.Format(time.RFC3339), t.Scope)
}

// areStale says whether the tokens should be refreshed. With a lifetime below the margin new ones would be stale at once,
// so the margin is at most half of the lifetime.
func (t Tokens) areStale() bool {
	return now().After(t.ExpiresAt.Add(-min(margin, t.ExpiresAt.Sub(t.IssuedAt)/2)))
}

// now has no monotonic reading, because that clock stops while a computer sleeps, and tokens expire all the same.
func now() time.Time {
	return time.Now().Round(0)
}

// tokensOf counts the lifetimes from the request, which is never later than the issue.
func tokensOf(set *api.TokenSet, response *http.Response, askedAt time.Time) (Tokens, error) {
	if set == nil {
		return Tokens{}, withoutJSON(response)
	}
	return Tokens{
		AccessToken:      set.AccessToken,
		RefreshToken:     set.RefreshToken,
		IssuedAt:         askedAt,
		ExpiresAt:        askedAt.Add(time.Duration(set.ExpiresIn) * time.Second),
		RefreshExpiresAt: askedAt.Add(time.Duration(set.RefreshExpiresIn) * time.Second),
		Scope:            set.Scope,
	}, nil
}

func withoutJSON(response *http.Response) error {
	return fmt.Errorf("latchkey: %s %s responded with %s without JSON: is the base URL that of the service?",
		response.Request.Method, response.Request.URL, response.Status)
}
