package latchkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey/latchkey-go/generated/api"
)

// SecondFactor is what a login asks for after the password.
type SecondFactor struct {
	// LoginToken is sent with the second factor. It works for one login.
	LoginToken string
	// Methods are the kinds of second factors that the account has.
	Methods []api.SecondFactorMethod
	// ExpiresIn is how long the login can be finished.
	ExpiresIn time.Duration
}

// StepUp is what a refused token lacks: another login helps (RFC 9470).
type StepUp struct {
	// ACRValues are the levels that the login must reach, for Login; none where only its age matters.
	ACRValues []string
	// MaxAge is how old the login may be, or its second factor where there are ACRValues; 0 if that does not matter.
	MaxAge time.Duration
}

// SecondFactorOf returns what FinishLogin takes if err says that a login goes on, and nil otherwise.
func SecondFactorOf(err error) *SecondFactor {
	if problem := (*Error)(nil); errors.As(err, &problem) {
		return problem.SecondFactor
	}
	return nil
}

// StepUpOf returns what the next login must have if err says so, and nil otherwise.
func StepUpOf(err error) *StepUp {
	if problem := (*Error)(nil); errors.As(err, &problem) {
		return problem.StepUp
	}
	return nil
}

// FinishLogin finishes a login with a code of the authenticator app, or a recovery code, and stores the tokens. Spaces in
// the code do not matter.
//
// It fails with an *Error: wrong_second_factor, after which another code may be right, or invalid_login_token, after which
// the login begins again.
func (c *Client) FinishLogin(ctx context.Context, secondFactor *SecondFactor, code string) (Tokens, error) {
	return c.begin(func() (*api.TokenSet, *http.Response, error) {
		response, err := c.public.LoginWithSecondFactorWithResponse(ctx, api.SecondFactorLogin{
			LoginToken: secondFactor.LoginToken,
			Code:       withoutSpaces(code),
		})
		if err != nil {
			return nil, nil, err
		}
		return response.JSON200, response.HTTPResponse, nil
	})
}

// LoginWithPasskey begins a session with what a passkey has signed, and stores the tokens. The credential is the JSON of a
// browser's PublicKeyCredential, for the options that API.CreatePasskeyLoginOptionsWithResponse has returned. As the second
// step of a login it takes what that one asked for; otherwise nil.
//
// It fails with an *Error: invalid_passkey, or as a second step wrong_second_factor or invalid_login_token.
func (c *Client) LoginWithPasskey(ctx context.Context, credential json.RawMessage, secondFactor *SecondFactor) (Tokens, error) {
	fields := map[string]any{"credential": credential}
	if secondFactor != nil {
		fields["login_token"] = secondFactor.LoginToken
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return Tokens{}, err
	}
	return c.begin(func() (*api.TokenSet, *http.Response, error) {
		response, err := c.public.LoginWithPasskeyWithBodyWithResponse(ctx, "application/json", bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		return response.JSON200, response.HTTPResponse, nil
	})
}

// ConfirmTOTP takes the authenticator app into use that API.BeginTotpWithResponse has begun to set up, with a code that it
// shows; spaces in the code do not matter. The session is one with a second factor from then on: its new tokens are stored.
// It returns the recovery codes if this is the account's first second factor: the user sees them this once.
//
// It fails with an *Error: wrong_second_factor, after which another code may be right, or insufficient_user_authentication,
// with a StepUp.
func (c *Client) ConfirmTOTP(ctx context.Context, code string) ([]string, error) {
	response, err := c.API.ConfirmTotpWithResponse(ctx, api.TotpCode{Code: withoutSpaces(code)})
	if err != nil {
		return nil, err
	}
	if response.JSON200 == nil {
		return nil, withoutJSON(response.HTTPResponse)
	}
	return response.JSON200.RecoveryCodes, nil
}

func withoutSpaces(code string) string {
	return strings.Join(strings.Fields(code), "")
}

var (
	acrValues = regexp.MustCompile(`\bacr_values="([^"]*)"`)
	maxAge    = regexp.MustCompile(`\bmax_age="?(\d{1,9})`)
)

func stepUpOf(headers http.Header) *StepUp {
	stepUp := &StepUp{}
	for _, challenge := range headers.Values("WWW-Authenticate") {
		if found := acrValues.FindStringSubmatch(challenge); found != nil {
			stepUp.ACRValues = strings.Fields(found[1])
		}
		if found := maxAge.FindStringSubmatch(challenge); found != nil {
			// At most nine digits.
			seconds, _ := strconv.Atoi(found[1])
			stepUp.MaxAge = time.Duration(seconds) * time.Second
		}
	}
	return stepUp
}
