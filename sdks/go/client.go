// Package latchkey is a client for a Latchkey service: it logs in, stores the tokens, refreshes them before they expire,
// and calls every operation of the service's contract.
package latchkey

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey/latchkey-go/generated/api"
)

// Version is the version of this package and of the contract that it was generated from.
const Version = "0.2.0"

// Client is a client for one service, and at most one session at a time. Any number of goroutines may use it.
type Client struct {
	// API has every operation of the contract. Each call sends the access token, which is refreshed before it expires, and
	// stores the next tokens of the session, if the response has them; a response with a status of 400 or more, and one
	// that is not the service's, becomes an *Error.
	//
	// Use Login, FinishLogin, LoginWithPasskey and Logout of the Client rather than those of API: they store the tokens.
	API *api.ClientWithResponses

	session    *session
	public     *api.ClientWithResponses
	httpClient *http.Client
}

// New makes a client for the service at baseURL, such as "https://login.example.com", which may have a path.
func New(baseURL string, options ...Option) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("latchkey: the base URL is not a URL: %w", err)
	}
	if base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("latchkey: the base URL %q must begin with http:// or https:// and a host", baseURL)
	}
	settings := settings{httpClient: &http.Client{}, onTokens: func(*Tokens) {}}
	for _, option := range options {
		option(&settings)
	}

	session := &session{tokens: settings.tokens, onTokens: settings.onTokens}
	authorized := func(takesToken func(*http.Request) bool) *http.Client {
		httpClient := *settings.httpClient
		httpClient.Transport = &transport{orDefault(httpClient.Transport), session, base, takesToken}
		return &httpClient
	}
	client := &Client{session: session, httpClient: authorized(always)}
	operations := func(httpClient *http.Client) (*api.ClientWithResponses, error) {
		return api.NewClientWithResponses(baseURL,
			api.WithHTTPClient(doer{httpClient, contractAt(base)}), api.WithRequestEditorFn(nameAgent))
	}
	if client.public, err = operations(settings.httpClient); err != nil {
		return nil, err
	}
	if client.API, err = operations(authorized(contractAt(base).takesToken)); err != nil {
		return nil, err
	}
	session.refresh = client.refresh
	return client, nil
}

// Login begins a session and stores its tokens in place of the client's earlier ones. The earlier session does not end:
// log out first to end it. acrValues are the levels that the login must reach: those of a StepUp.
//
// It fails with an *Error, mostly with the code invalid_credentials, too_many_attempts or busy; or with
// second_factor_required, where FinishLogin or LoginWithPasskey goes on with its SecondFactor.
func (c *Client) Login(ctx context.Context, username, password string, acrValues ...string) (Tokens, error) {
	request := api.LoginRequest{Username: username, Password: password}
	if len(acrValues) > 0 {
		joined := strings.Join(acrValues, " ")
		request.AcrValues = &joined
	}
	return c.begin(func() (*api.TokenSet, *http.Response, error) {
		response, err := c.public.LoginWithResponse(ctx, request)
		if err != nil {
			return nil, nil, err
		}
		return response.JSON200, response.HTTPResponse, nil
	})
}

// begin stores the tokens of a new login.
func (c *Client) begin(login func() (*api.TokenSet, *http.Response, error)) (Tokens, error) {
	askedAt := now()
	set, response, err := login()
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := tokensOf(set, response, askedAt)
	if err == nil {
		c.session.begin(tokens)
	}
	return tokens, err
}

// ChangePassword replaces the password of the user who is logged in, and stores the session's new tokens; the service
// refuses the earlier ones from then on. An account with a one-time password has no permissions until it is replaced.
//
// It fails with an *Error, mostly with the code wrong_password or validation_failed.
func (c *Client) ChangePassword(ctx context.Context, current, replacement string) (Tokens, error) {
	response, err := c.API.ChangePasswordWithResponse(ctx, api.ChangePasswordRequest{
		CurrentPassword: current,
		NewPassword:     replacement,
	})
	if err != nil {
		return Tokens{}, err
	}
	if response.JSON200 == nil {
		return Tokens{}, withoutJSON(response.HTTPResponse)
	}
	tokens, _ := c.session.current()
	return tokens, nil
}

// Logout ends the session and deletes its tokens. If the service cannot be reached, the tokens are deleted all the same,
// an error is returned, and the session exists there until its refresh token expires. Without a session it does nothing.
func (c *Client) Logout(ctx context.Context) error {
	tokens := c.session.forget()
	if tokens == nil {
		return nil
	}
	_, err := c.public.LogoutWithResponse(ctx, api.LogoutRequest{RefreshToken: &tokens.RefreshToken})
	return err
}

// Tokens returns the tokens of the session, and whether there is one.
func (c *Client) Tokens() (tokens Tokens, ok bool) {
	return c.session.current()
}

// HTTPClient is for operations that are not in the contract. Requests to the service's host send the access token like
// those of API; requests to other hosts, and those with an Authorization header of their own, are not changed.
// Responses with a status of 400 or more are not turned into errors.
func (c *Client) HTTPClient() *http.Client {
	return c.httpClient
}

func (c *Client) refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	askedAt := now()
	response, err := c.public.RefreshWithResponse(ctx, api.RefreshRequest{RefreshToken: refreshToken})
	if err != nil {
		return Tokens{}, err
	}
	return tokensOf(response.JSON200, response.HTTPResponse, askedAt)
}

// nameAgent sets the User-Agent, which the service shows to users in the list of their sessions.
func nameAgent(_ context.Context, request *http.Request) error {
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "latchkey-go/"+Version)
	}
	return nil
}
