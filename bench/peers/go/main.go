// Go's net/http: without authentication, or with golang-jwt and a set of revoked token ids ("jwt" as the argument).
package main

import (
	"crypto/ecdsa"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

type message struct {
	Message string `json:"message"`
}

type revokedTokens struct {
	mutex sync.RWMutex
	ids   map[string]struct{}
}

func (r *revokedTokens) add(id string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.ids[id] = struct{}{}
}

func (r *revokedTokens) has(id string) bool {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	_, found := r.ids[id]
	return found
}

func respond(w http.ResponseWriter, status int, text string) {
	body, err := json.Marshal(message{text})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body)
}

func protected(w http.ResponseWriter, r *http.Request) {
	respond(w, http.StatusOK, "This is a protected endpoint.")
}

func verificationKey() any {
	text := []byte(os.Getenv("VERIFICATION_KEY"))
	if os.Getenv("ALGORITHM") == "HS256" {
		return text
	}
	var key *ecdsa.PublicKey
	key, err := jwt.ParseECPublicKeyFromPEM(text)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func main() {
	mux := http.NewServeMux()
	if len(os.Args) > 1 && os.Args[1] == "jwt" {
		key := verificationKey()
		parser := jwt.NewParser(jwt.WithValidMethods([]string{os.Getenv("ALGORITHM")}), jwt.WithExpirationRequired())
		revoked := &revokedTokens{ids: map[string]struct{}{}}

		authenticated := func(next func(http.ResponseWriter, *http.Request, *jwt.RegisteredClaims)) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
				claims := &jwt.RegisteredClaims{}
				if !found {
					respond(w, http.StatusUnauthorized, "Missing token")
					return
				}
				_, err := parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key, nil })
				if err != nil || revoked.has(claims.ID) {
					respond(w, http.StatusUnauthorized, "Invalid token")
					return
				}
				next(w, r, claims)
			}
		}
		mux.HandleFunc("GET /protected", authenticated(func(w http.ResponseWriter, r *http.Request, _ *jwt.RegisteredClaims) {
			protected(w, r)
		}))
		mux.HandleFunc("POST /logout", authenticated(func(w http.ResponseWriter, _ *http.Request, claims *jwt.RegisteredClaims) {
			revoked.add(claims.ID)
			w.WriteHeader(http.StatusNoContent)
		}))
	} else {
		mux.HandleFunc("GET /protected", protected)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
