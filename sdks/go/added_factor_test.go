package latchkey_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	latchkey "github.com/latchkey/latchkey-go"
	"github.com/latchkey/latchkey-go/generated/api"
)

const confirm = "POST /me/second-factors/totp/confirm"

// newUser makes a user with a role of the same name, because second factors stay, and returns their client at the address,
// and what revokes their access tokens.
func newUser(t *testing.T, address, name string) (client *latchkey.Client, revoke func()) {
	t.Helper()
	const password = "a password for the tests"
	admin := asAdmin(t, live(t))
	permit := func(permissions ...string) {
		_, err := admin.API.PutRoleWithResponse(t.Context(), name, api.PutRoleRequest{Permissions: permissions})
		noError(t, err)
	}
	permit("factors:read")
	given := password
	_, err := admin.API.CreateUserWithResponse(t.Context(),
		api.CreateUserRequest{Username: name, Password: &given, Roles: &[]string{name}})
	noError(t, err)
	return logIn(t, address, name, password), func() { permit("factors:write") }
}

// totp is the code that an authenticator app shows now (RFC 6238).
func totp(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	noError(t, err)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(time.Now().Unix()/30))
	hash := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(hash[hash[19]&15:])&0x7fffffff%1_000_000)
}

// beginTOTP begins to set up an authenticator app, and returns a code of it.
func beginTOTP(t *testing.T, client *latchkey.Client) string {
	t.Helper()
	begun, err := client.API.BeginTotpWithResponse(t.Context())
	noError(t, err)
	return totp(t, begun.JSON201.Secret)
}

// expectLevel checks the level that the client's tokens say.
func expectLevel(t *testing.T, client *latchkey.Client, level string) {
	t.Helper()
	tokens, _ := client.Tokens()
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.AccessToken, ".")[1])
	noError(t, err)
	var fields struct{ Acr string }
	noError(t, json.Unmarshal(claims, &fields))
	if fields.Acr != level {
		t.Errorf("the tokens are of the level %q, not %q", fields.Acr, level)
	}
}

func TestTokensThatComeWithASecondFactor(t *testing.T) {
	for name, add := range map[string]func(*testing.T, *latchkey.Client) []string{
		"confirms": func(t *testing.T, client *latchkey.Client) []string {
			code := beginTOTP(t, client)
			codes, err := client.ConfirmTOTP(t.Context(), code[:3]+" "+code[3:])
			noError(t, err)
			return codes
		},
		"calls": func(t *testing.T, client *latchkey.Client) []string {
			response, err := client.API.ConfirmTotpWithResponse(t.Context(), api.TotpCode{Code: beginTOTP(t, client)})
			noError(t, err)
			return response.JSON200.RecoveryCodes
		},
		"passkey": func(t *testing.T, client *latchkey.Client) []string {
			options, err := client.API.CreatePasskeyOptionsWithResponse(t.Context(), api.PasskeyCreationOptionsRequest{})
			noError(t, err)
			body := strings.NewReader(registration(t, options.JSON200.Challenge))
			response, err := client.API.AddPasskeyWithBodyWithResponse(t.Context(), "application/json", body)
			noError(t, err)
			return response.JSON201.RecoveryCodes
		},
	} {
		t.Run(name, func(t *testing.T) {
			gate := newGate(t, nil)
			client, revoke := newUser(t, gate.URL, "go-"+name)
			before, _ := client.Tokens()
			expectLevel(t, client, "aal1")
			if codes := add(t, client); len(codes) != 10 {
				t.Errorf("there are %d recovery codes", len(codes))
			}
			expectLevel(t, client, "aal2")
			gate.expect(t, "POST /refresh", 0)
			revoke()
			noError(t, callProtected(t.Context(), client))
			gate.expect(t, "POST /refresh", 1)
			expectLevel(t, client, "aal2")
			// The tokens before are those of a thief.
			thief := newClient(t, live(t), latchkey.WithTokens(expiring(before)))
			expectCode(t, callProtected(t.Context(), thief), http.StatusUnauthorized, api.ProblemCodeInvalidRefreshToken)
		})
	}
}

// registration is what a browser makes without attestation, which nobody signs.
func registration(t *testing.T, challenge string) string {
	t.Helper()
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	// A key of ES256, which is any point of its curve.
	key, err := hex.DecodeString("a5010203262001" +
		"2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
		"2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
	noError(t, err)
	domain := sha256.Sum256([]byte("localhost"))
	data := string(domain[:]) + "\x45" + strings.Repeat("\x00", 21) + "\x10" + string(id) + string(key)
	attestation := "\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + string([]byte{byte(len(data))})
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	clientData := fmt.Sprintf(`{"type":"webauthn.create","challenge":%q,"origin":"http://localhost:8080"}`, challenge)
	return fmt.Sprintf(`{"credential": {"id": %q, "rawId": %q, "type": "public-key",
		"response": {"clientDataJSON": %q, "attestationObject": %q}}}`,
		encode(string(id)), encode(string(id)), encode(clientData), encode(attestation+data))
}

// heldConfirmation is a client at a gate, which holds the response to the code until release, and refuses an access token
// meanwhile. A code for it comes with it.
func heldConfirmation(t *testing.T, name string) (client *latchkey.Client, gate *gate, code string, arrived <-chan struct{}, release func()) {
	t.Helper()
	confirmed, released := make(chan struct{}), make(chan struct{})
	var isHeld atomic.Bool
	gate = newGate(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if isHeld.Load() && r.URL.Path == "/protected" {
			r.Header.Set("Authorization", "Bearer of.no.use")
		}
		if r.Method+" "+r.URL.Path != confirm {
			next.ServeHTTP(w, r)
			return
		}
		held := httptest.NewRecorder()
		next.ServeHTTP(held, r)
		isHeld.Store(true)
		close(confirmed)
		<-released
		isHeld.Store(false)
		maps.Copy(w.Header(), held.Header())
		w.WriteHeader(held.Code)
		_, _ = held.Body.WriteTo(w)
	})
	client, _ = newUser(t, gate.URL, name)
	return client, gate, beginTOTP(t, client), confirmed, func() { close(released) }
}

func TestNoRefreshWhileASecondFactorIsAdded(t *testing.T) {
	client, gate, code, arrived, release := heldConfirmation(t, "go-holds")
	confirmed := make(chan error)
	go func() {
		_, err := client.ConfirmTOTP(t.Context(), code)
		confirmed <- err
	}()
	<-arrived
	called := make(chan error)
	go func() { called <- callProtected(t.Context(), client) }()
	for !gate.hasPassed("GET /protected") {
		time.Sleep(time.Millisecond)
	}
	release()
	noError(t, <-confirmed)
	noError(t, <-called)
	gate.expect(t, "POST /refresh", 0)
	expectLevel(t, client, "aal2")
}

func TestACallerWhoGivesUpOnASecondFactor(t *testing.T) {
	client, gate, code, arrived, release := heldConfirmation(t, "go-gives-up")
	impatient, giveUp := context.WithCancel(t.Context())
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := client.ConfirmTOTP(gone, code); !errors.Is(err, context.Canceled) {
		t.Errorf("it failed with %v", err)
	}
	gate.expect(t, confirm, 0)
	confirmed := make(chan error)
	go func() {
		_, err := client.ConfirmTOTP(impatient, code)
		confirmed <- err
	}()
	<-arrived
	giveUp()
	if err := <-confirmed; !errors.Is(err, context.Canceled) {
		t.Errorf("it failed with %v", err)
	}
	called := make(chan error)
	go func() { called <- callProtected(t.Context(), client) }()
	release()
	noError(t, <-called)
	// Another exchange waits until that one has ended.
	_, err := client.ChangePassword(t.Context(), "a password for the tests", "another one for the tests")
	noError(t, err)
	expectLevel(t, client, "aal2")
}

func TestARefusedCodeKeepsTheTokens(t *testing.T) {
	client, revoke := newUser(t, live(t), "go-refused")
	code := beginTOTP(t, client)
	before, _ := client.Tokens()
	_, err := client.ConfirmTOTP(t.Context(), "000 000")
	expectCode(t, err, http.StatusForbidden, api.ProblemCodeWrongSecondFactor)
	if kept, _ := client.Tokens(); kept != before {
		t.Error("the tokens have changed")
	}
	revoke() // the next code is sent again after a refresh
	_, err = client.ConfirmTOTP(t.Context(), code)
	noError(t, err)
	expectLevel(t, client, "aal2")
}
