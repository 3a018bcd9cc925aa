package latchkey

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// margin is how long before its end an access token is replaced at most: it has to be valid when it arrives.
	margin = 10 * time.Second
	// refreshTimeout ends a refresh that gets no answer. A waiting caller may give up sooner, by a context.
	refreshTimeout = 30 * time.Second
)

// session keeps the tokens, and replaces them once however many goroutines need it.
type session struct {
	refresh  func(ctx context.Context, refreshToken string) (Tokens, error)
	onTokens func(*Tokens)

	// announcing is held from a change of the tokens until it has been told, so that changes are told in order.
	announcing sync.Mutex
	// mutex guards what follows, and is never held while anything is waited for.
	mutex  sync.Mutex
	tokens *Tokens
	// login tells the sessions apart, so that no request of one user is sent with the token of the next.
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

// exchange is a refresh under way.
type exchange struct {
	login        int
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

// begin keeps the tokens of a new login.
func (s *session) begin(tokens Tokens) {
	s.change(func(*Tokens) (*Tokens, bool) {
		s.login++
		s.ended = nil
		return &tokens, true
	})
}

// replace keeps new tokens of the same login, unless it is over.
func (s *session) replace(login int, tokens Tokens) {
	s.change(func(*Tokens) (*Tokens, bool) { return &tokens, s.login == login })
}

// forget gives the tokens that it forgot; nil where there were none.
func (s *session) forget() *Tokens {
	var forgotten *Tokens
	s.change(func(old *Tokens) (*Tokens, bool) {
		s.login++
		forgotten = old
		return nil, old != nil
	})
	return forgotten
}

// change sets the tokens to what next makes of them, unless it says that they stay, and tells of it.
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

// bearer gives an access token that is good for a while; none where there is no session.
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

// renew gives what comes after a stale access token; none where its session has ended meanwhile.
func (s *session) renew(ctx context.Context, stale bearer) (bearer, error) {
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

	select {
	case <-exchange.done:
	case <-ctx.Done():
		return bearer{}, ctx.Err()
	}
	if exchange.err != nil {
		return bearer{}, exchange.err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next, _, err := s.after(stale)
	return next, err
}

// after is called with the mutex held. It knows nothing as long as the stale token is the newest of its session.
func (s *session) after(stale bearer) (next bearer, known bool, err error) {
	if s.ended != nil && s.ended.login == stale.login {
		return bearer{}, true, s.ended.err
	}
	if s.tokens == nil || s.login != stale.login {
		return bearer{}, true, nil
	}
	return bearer{token: s.tokens.AccessToken, login: s.login}, s.tokens.AccessToken != stale.token, nil
}

// run is no caller's own: it goes on when the one that began it gives up, since others may wait for it, and since the
// service may have replaced the refresh token already.
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
			// After a logout, another login or a change of the password, what came of the old tokens is of no use.
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
