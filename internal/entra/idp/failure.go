package idp

import (
	"fmt"
	"net/http"

	"github.com/rollcall/rollcall/internal/web/words"
)

// Failure is why somebody is not signed in, as the error page of Entra says it. The codes
// are those of the Microsoft Entra docs page "reference-error-codes".
type Failure struct {
	Status  int
	Code    string // "AADSTS50011"; "" where Entra has none
	Message string
}

func (f *Failure) Error() string {
	if f.Code == "" {
		return f.Message
	}
	return f.Code + ": " + f.Message
}

// failure makes one of a bad request; text arguments are cut to what is shown.
func failure(code, format string, args ...any) *Failure {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = words.Clip(text)
		}
	}
	return &Failure{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// unsupported is a request that asks for what Entra does not do. The service provider is
// told, not the person: see the sample of a failed sign-on in the Microsoft Entra docs,
// "single-sign-on-saml-protocol", Status.
type unsupported struct{ property string }

func (u *unsupported) Error() string {
	return "AADSTS75006: An error occurred while processing a SAML2 Authentication request. AADSTS90011: The SAML authentication request property '" + u.property + "' is not supported."
}
