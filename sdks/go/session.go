package latchkey

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// margin is how long before it expires an access token is replaced, so that it is still valid when it arrives.
	margin = 10 * time.Second
	// refreshTimeout ends a refresh without a response. A waiting caller may give up sooner, by its context.
	refreshTimeout = 30 * time.Second
)

// session stores the tokens, and refreshes them once however many goroutines need new ones.
type session struct {
	refresh  func(ctx context.Context, refreshToken string) (Tokens, error)
	onTokens func(*Tokens)

	// announcing is held from a change of the tokens until onTokens has returned, so that changes are reported in order.
	announcing sync.Mutex
	// mutex guards the fields below, and is never held while waiting.
	mutex  sync.Mutex
	tokens *Tokens
	// login identifies the session, so that no request of one user is sent with the token of the next.
	login    int
	exchange *exchange
	// ended is the exchange that the service refused, until the next login.
	ended *exchange
}

// bearer is an access token, and the login that it comes from.
type bearer struct {
	token string
	login int
}

// exchange is a refresh in progress, or another operation that gives the session its next tokens.
type exchange struct {
	login int
	// refreshToken is that of a refresh.
	refreshToken string
	done         chan struct{}
	// err may be read when done is closed.
	err error
}

func (s *session) current() (Tokens, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.tokens == nil {
		return Tokens{}, false
	}
	return *s.tokens, true
}

// begin stores the tokens of a new login.
func (s *session) begin(tokens Tokens) {
	s.change(func(*Tokens) (*Tokens, bool) {
		s.login++
		s.ended = nil
		return &tokens, true
	})
}

// forget deletes the tokens and returns them; nil if there were none.
func (s *session) forget() *Tokens {
	var forgotten *Tokens
	s.change(func(old *Tokens) (*Tokens, bool) {
		s.login++
		forgotten = old
		return nil, old != nil
	})
	return forgotten
}

// change replaces the tokens by the result of next, if they change, and calls onTokens.
func (s *session) change(next func(old *Tokens) (tokens *Tokens, changed bool)) {
	s.announcing.Lock()
	defer s.announcing.Unlock()
	s.mutex.Lock()
	tokens, changed := next(s.tokens)
	if changed {
		s.tokens = tokens
	}
	s.mutex.Unlock()
	if changed {
		var told *Tokens
		if tokens != nil {
			copied := *tokens
			told = &copied
		}
		s.onTokens(told)
	}
}

// bearer returns an access token that is valid for a while; an empty one without a session.
func (s *session) bearer(ctx context.Context) (bearer, error) {
	s.mutex.Lock()
	tokens, login := s.tokens, s.login
	s.mutex.Unlock()
	if tokens == nil {
		return bearer{}, nil
	}
	held := bearer{token: tokens.AccessToken, login: login}
	if !tokens.areStale() {
		return held, nil
	}
	return s.renew(ctx, held)
}

// renew returns the successor of a stale access token; an empty one if its session has ended meanwhile.
func (s *session) renew(ctx context.Context, stale bearer) (bearer, error) {
	for {
		s.mutex.Lock()
		if next, known, err := s.after(stale); known {
			s.mutex.Unlock()
			return next, err
		}
		if s.exchange == nil || s.exchange.login != s.login {
			s.exchange = &exchange{login: s.login, refreshToken: s.tokens.RefreshToken, done: make(chan struct{})}
			go s.run(context.WithoutCancel(ctx), s.exchange)
		}
		exchange := s.exchange
		s.mutex.Unlock()

		if err := exchange.wait(ctx); err != nil {
			return bearer{}, err
		}
		// Another operation than a refresh may have failed, and left the tokens as they were.
	}
}

// wait returns the error of the exchange, or that of a context that is done before.
func (e *exchange) wait(ctx context.Context) error {
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve begins an exchange by another operation than a refresh. No refresh runs until release: it would present a refresh
// token that has just stopped working.
func (s *session) reserve(ctx context.Context, login int) (*exchange, error) {
	for ctx.Err() == nil {
		s.mutex.Lock()
		running := s.exchange
		if running == nil || running.login != s.login {
			reserved := &exchange{login: login, done: make(chan struct{})}
			if login == s.login {
				s.exchange = reserved
			}
			s.mutex.Unlock()
			return reserved, nil
		}
		s.mutex.Unlock()
		// Its error is that of other callers.
		_ = running.wait(ctx)
	}
	return nil, ctx.Err()
}

// release ends an exchange that was reserved, and stores its tokens, if there are any and the session has not ended.
func (s *session) release(exchange *exchange, tokens *Tokens) {
	defer close(exchange.done)
	s.change(func(*Tokens) (*Tokens, bool) {
		if s.exchange == exchange {
			s.exchange = nil
		}
		return tokens, tokens != nil && s.login == exchange.login
	})
}

// after is called with the mutex held. known is false while the stale token is the newest of its session.
func (s *session) after(stale bearer) (next bearer, known bool, err error) {
	if s.ended != nil && s.ended.login == stale.login {
		return bearer{}, true, s.ended.err
	}
	if s.tokens == nil || s.login != stale.login {
		return bearer{}, true, nil
	}
	return bearer{token: s.tokens.AccessToken, login: s.login}, s.tokens.AccessToken != stale.token, nil
}

// run does not depend on the caller that started it: it continues if that one gives up, because others may wait for it, and
// because the service may have replaced the refresh token already.
func (s *session) run(ctx context.Context, exchange *exchange) {
	defer close(exchange.done)
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	tokens, err := s.refresh(ctx, exchange.refreshToken)
	exchange.err = err

	var problem *Error
	ended := errors.As(err, &problem) && problem.Status == http.StatusUnauthorized
	s.change(func(old *Tokens) (*Tokens, bool) {
		if s.exchange == exchange {
			s.exchange = nil
		}
		switch {
		case s.login != exchange.login || old.RefreshToken != exchange.refreshToken:
			// After a logout or another login, the result for the old tokens is not used.
			return nil, false
		case err == nil:
			return &tokens, true
		case ended:
			s.login++
			s.ended = exchange
			return nil, true
		default:
			return nil, false
		}
	})
}
