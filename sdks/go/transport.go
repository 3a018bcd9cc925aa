package latchkey

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey/latchkey-go/generated/api"
)

// transport adds the access token to requests to the service, and sends a request again, once, if the token was refused. It
// stores the tokens that responses have.
type transport struct {
	next    http.RoundTripper
	session *session
	service *url.URL
	// takesToken says which requests to the service send the token.
	takesToken func(request *http.Request) bool
}

func orDefault(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		return http.DefaultTransport
	}
	return next
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	// A redirect may lead to another host, which must not get the token.
	if request.Header.Get("Authorization") != "" || !t.isService(request.URL) || !t.takesToken(request) {
		return t.next.RoundTrip(request)
	}
	held, err := t.session.bearer(request.Context())
	if err != nil {
		closeBody(request)
		return nil, err
	}
	if held.token == "" {
		return t.next.RoundTrip(request)
	}
	response, err := t.send(request, held)
	if err != nil || !refusesToken(response) {
		return response, err
	}
	held, err = t.session.renew(request.Context(), held)
	if err != nil {
		discard(response)
		return nil, err
	}
	again, ok := repeated(request)
	if held.token == "" || !ok {
		return response, nil
	}
	discard(response)
	return t.send(again, held)
}

// send sends the request with the access token, and stores the tokens that the response has.
func (t *transport) send(request *http.Request, held bearer) (*http.Response, error) {
	authorized := withBearer(request, held)
	if !contractAt(t.service).renewsTokens(request) {
		return t.next.RoundTrip(authorized)
	}
	ctx := request.Context()
	exchange, err := t.session.reserve(ctx, held.login)
	if err != nil {
		closeBody(request)
		return nil, err
	}
	// A caller who gives up stops waiting: the tokens are stored all the same, because those before them stop working.
	arrived := make(chan arrival, 1)
	go func() {
		lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		defer cancel()
		askedAt := now()
		var tokens *Tokens
		response, err := t.next.RoundTrip(authorized.WithContext(lasting))
		if err == nil {
			tokens, err = tokensIn(response, askedAt)
		}
		t.session.release(exchange, tokens)
		if err != nil {
			response = nil
		}
		arrived <- arrival{response, err}
	}()
	select {
	case arrival := <-arrived:
		return arrival.response, arrival.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type arrival struct {
	response *http.Response
	err      error
}

// tokensIn reads the tokens of a response to an operation that gives the session its next ones, and nil if it has none. The
// body can be read again.
func tokensIn(response *http.Response, askedAt time.Time) (*Tokens, error) {
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("latchkey: reading the response %s: %w", response.Status, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	var fields struct {
		api.TokenSet
		Tokens *api.TokenSet `json:"tokens"`
	}
	if response.StatusCode >= http.StatusMultipleChoices || json.Unmarshal(body, &fields) != nil {
		return nil, nil
	}
	set := fields.Tokens
	if set == nil {
		set = &fields.TokenSet
	}
	if set.RefreshToken == "" {
		return nil, nil
	}
	tokens, err := tokensOf(set, response, askedAt)
	return &tokens, err
}

func (t *transport) isService(url *url.URL) bool {
	return url.Scheme == t.service.Scheme && strings.EqualFold(url.Host, t.service.Host)
}

func always(*http.Request) bool { return true }

// withBearer copies the request: a RoundTripper must not modify it.
func withBearer(request *http.Request, held bearer) *http.Request {
	authorized := request.Clone(request.Context())
	authorized.Header.Set("Authorization", "Bearer "+held.token)
	return authorized
}

// refusesToken says whether the token is expired or revoked (RFC 6750 §3.1). For other reasons of a 401 a new token does
// not help.
func refusesToken(response *http.Response) bool {
	if response.StatusCode != http.StatusUnauthorized {
		return false
	}
	for _, challenge := range response.Header.Values("WWW-Authenticate") {
		if strings.Contains(challenge, `error="invalid_token"`) {
			return true
		}
	}
	return false
}

// repeated returns a copy of the request with an unread body; false if the body can be read only once.
func repeated(request *http.Request) (*http.Request, bool) {
	if request.Body == nil || request.Body == http.NoBody {
		return request, true
	}
	if request.GetBody == nil {
		return nil, false
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, false
	}
	again := request.Clone(request.Context())
	again.Body = body
	return again, true
}

func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

// discard reads the rest of a short body, so that the connection can be reused.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	_ = response.Body.Close()
}
