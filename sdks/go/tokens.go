package latchkey

import (
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey/latchkey-go/generated/api"
)

// Tokens are those of a session, in a form that can be stored as JSON. They open the account: store them where only its
// owner can read them.
type Tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	// IssuedAt is when the tokens were asked for, by the clock of this machine.
	IssuedAt time.Time `json:"issued_at"`
	// ExpiresAt is when the access token expires, by the clock of this machine.
	ExpiresAt time.Time `json:"expires_at"`
	// RefreshExpiresAt is when the refresh token expires, and with it the session, unless it is refreshed before.
	RefreshExpiresAt time.Time `json:"refresh_expires_at"`
	// Scope has the permissions of the account, space-separated.
	Scope string `json:"scope"`
}

// String leaves out the tokens themselves: it ends up in logs.
func (t Tokens) String() string {
	return fmt.Sprintf("latchkey.Tokens{ExpiresAt: %s, RefreshExpiresAt: %s, Scope: %q}",
		t.ExpiresAt.Format(time.RFC3339), t.RefreshExpiresAt.Format(time.RFC3339), t.Scope)
}

// areStale says whether it is time for new ones. Of tokens that live for less than the margin, new ones would be stale at
// once: half of their life is enough then.
func (t Tokens) areStale() bool {
	return now().After(t.ExpiresAt.Add(-min(margin, t.ExpiresAt.Sub(t.IssuedAt)/2)))
}

// now is without a monotonic reading: that clock stands still while a laptop sleeps, and tokens expire all the same.
func now() time.Time {
	return time.Now().Round(0)
}

// tokensOf takes the tokens to be as old as the request for them, which is never younger than they are.
func tokensOf(set *api.TokenSet, response *http.Response, askedAt time.Time) (Tokens, error) {
	if set == nil {
		return Tokens{}, fmt.Errorf("latchkey: %s %s answered %s without JSON: is the base URL that of the service?",
			response.Request.Method, response.Request.URL, response.Status)
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
