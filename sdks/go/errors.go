package latchkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey/latchkey-go/generated/api"
)

// Error is a response with a status of 400 or more, or one of any status that is not the service's: a proxy's page, for
// example. Find it with errors.As, or call CodeOf.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the problem type, from the contract's closed list: compare with api.ProblemCodeInvalidCredentials and so on.
	// It is "" if the response is not a problem: that of an OAuth endpoint, or of a proxy.
	Code api.ProblemCode
	// OAuthCode is the code of the OAuth endpoints (RFC 6749 §5.2), and "" elsewhere.
	OAuthCode api.OAuthErrorCode
	// Title is the problem type in a few words.
	Title string
	// Detail says what was wrong, and what to do about it.
	Detail string
	// Errors maps each refused field to what is wrong with it, with the code validation_failed.
	Errors map[string]string
	// SecondFactor is what FinishLogin takes, with the code second_factor_required.
	SecondFactor *SecondFactor
	// StepUp is what the next login must have, with the code insufficient_user_authentication.
	StepUp *StepUp
	// RequestID is the response's X-Request-Id, with which the cause can be found in the service's log.
	RequestID string
	// RetryAfter is how long to wait before the next attempt; 0 if the response has no Retry-After.
	RetryAfter time.Duration
	// Body is that of a response that is Unexpected, up to a mebibyte of it, and "" otherwise.
	Body string
}

// Unexpected says whether the response is not the service's, but a proxy's or that of another server at this address.
func (e *Error) Unexpected() bool {
	return e.Code == "" && e.OAuthCode == ""
}

// Error returns a text for logs, without tokens.
func (e *Error) Error() string {
	text := fmt.Sprintf("latchkey: %d", e.Status)
	if code := string(e.Code) + string(e.OAuthCode); code != "" {
		text += " " + code
	}
	text += ": " + e.Title
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// CodeOf returns the code of an *Error anywhere in err, and "" if there is none.
func CodeOf(err error) api.ProblemCode {
	if problem := (*Error)(nil); errors.As(err, &problem) {
		return problem.Code
	}
	return ""
}

// doer turns each response with a status of 400 or more, and each that the contract does not have, into an *Error.
type doer struct {
	client   *http.Client
	contract contract
}

func (d doer) Do(request *http.Request) (*http.Response, error) {
	response, err := d.client.Do(request)
	if err != nil {
		// http.Client wraps the error of a refresh, which belongs to another request.
		if problem := (*Error)(nil); errors.As(err, &problem) {
			return nil, problem
		}
		return nil, err
	}
	isError := response.StatusCode >= http.StatusBadRequest
	if !isError && d.contract.allows(request, response) {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("latchkey: reading the response %s: %w", response.Status, err)
	}
	problem := errorOf(response, body)
	if problem.Unexpected() {
		problem.Body = string(body)
	}
	if !isError {
		problem.Detail = fmt.Sprintf("%s %s did not respond as Latchkey does (%q). Is the base URL right?",
			request.Method, request.URL, response.Header.Get("Content-Type"))
	}
	return nil, problem
}

func errorOf(response *http.Response, body []byte) *Error {
	problem := &Error{
		Status:    response.StatusCode,
		Title:     http.StatusText(response.StatusCode),
		RequestID: response.Header.Get("X-Request-Id"),
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		problem.RetryAfter = time.Duration(seconds) * time.Second
	}
	if !strings.Contains(response.Header.Get("Content-Type"), "json") {
		return problem
	}
	var fields struct {
		Code             api.ProblemCode    `json:"code"`
		Title            string             `json:"title"`
		Detail           string             `json:"detail"`
		Errors           map[string]string  `json:"errors"`
		OAuthCode        api.OAuthErrorCode `json:"error"`
		OAuthDescription string             `json:"error_description"`

		LoginToken          string                   `json:"login_token"`
		LoginTokenExpiresIn int                      `json:"login_token_expires_in"`
		Methods             []api.SecondFactorMethod `json:"methods"`
	}
	// The body may be a proxy's; the status is known in any case.
	if json.Unmarshal(body, &fields) != nil {
		return problem
	}
	problem.Code, problem.OAuthCode, problem.Errors = fields.Code, fields.OAuthCode, fields.Errors
	problem.Detail = fields.Detail + fields.OAuthDescription
	if fields.Title != "" {
		problem.Title = fields.Title
	}
	switch fields.Code {
	case api.ProblemCodeSecondFactorRequired:
		expiresIn := time.Duration(fields.LoginTokenExpiresIn) * time.Second
		problem.SecondFactor = &SecondFactor{fields.LoginToken, fields.Methods, expiresIn}
	case api.ProblemCodeInsufficientUserAuthentication:
		problem.StepUp = stepUpOf(response.Header)
	}
	return problem
}
