package latchkey

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey/latchkey-go/generated/api"
)

// contract finds the operation of a request to the service.
type contract struct {
	// prefix is the path of the base URL.
	prefix string
}

func contractAt(service *url.URL) contract {
	return contract{strings.TrimSuffix(service.EscapedPath(), "/")}
}

// find returns nil for an operation that is not in the contract.
func (c contract) find(request *http.Request) *api.ContractOperation {
	segments := strings.Split(strings.TrimPrefix(request.URL.EscapedPath(), c.prefix), "/")
	index := slices.IndexFunc(api.ContractOperations, func(operation api.ContractOperation) bool {
		return operation.Method == request.Method &&
			slices.EqualFunc(strings.Split(operation.Path, "/"), segments, fits)
	})
	if index < 0 {
		return nil
	}
	return &api.ContractOperations[index]
}

func fits(template, segment string) bool {
	return strings.HasPrefix(template, "{") || template == segment
}

// takesToken is false for operations that may expect other credentials in the header, and must not fail because a session
// has ended.
func (c contract) takesToken(request *http.Request) bool {
	operation := c.find(request)
	return operation != nil && operation.TakesToken
}

// renewsTokens says whether the response has the next tokens of the session.
func (c contract) renewsTokens(request *http.Request) bool {
	operation := c.find(request)
	return operation != nil && operation.RenewsTokens
}

// allows says whether the contract has such a successful response. A newer service may have other operations.
func (c contract) allows(request *http.Request, response *http.Response) bool {
	operation := c.find(request)
	return operation == nil || slices.Contains(operation.MediaTypes, mediaTypeOf(response))
}

// mediaTypeOf is empty without a body, which a 204 and a 304 never have.
func mediaTypeOf(response *http.Response) string {
	if response.StatusCode == http.StatusNoContent || response.StatusCode == http.StatusNotModified {
		return ""
	}
	mediaType, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}
