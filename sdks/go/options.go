package latchkey

import "net/http"

// Option is a setting of a new client.
type Option func(*settings)

type settings struct {
	tokens     *Tokens
	onTokens   func(*Tokens)
	httpClient *http.Client
}

// WithTokens continues a session whose tokens were stored.
func WithTokens(tokens Tokens) Option {
	return func(settings *settings) { settings.tokens = &tokens }
}

// OnTokens sets a function that is called at each change of the tokens: with the new ones, to be stored, or with nil when
// they are deleted. Each refresh token replaces the one before it, so always store the last. Calls come one after the
// other, in order, and before any request is sent with the new tokens; the function must not log in or out itself.
func OnTokens(changed func(tokens *Tokens)) Option {
	return func(settings *settings) { settings.onTokens = changed }
}

// WithHTTPClient sets the HTTP client that sends requests, with its transport, timeout, and so on. It is not changed.
func WithHTTPClient(httpClient *http.Client) Option {
	return func(settings *settings) { settings.httpClient = httpClient }
}
