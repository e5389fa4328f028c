package graph

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// getSAML is the whole of an application's single sign-on settings with the addresses for the
// service provider. Graph spreads them over the application, its service principal and policies.
func (x *exchange) getSAML() error {
	a, err := x.application()
	if err != nil {
		return err
	}
	return x.answerSAML(a)
}

func (x *exchange) answerSAML(a directory.Application) error {
	s, to := a.SAML, x.api.idp.Endpoints(a)
	claims := []any{}
	for _, c := range s.Claims {
		claims = append(claims, object{"name": c.Name, "namespace": c.Namespace, "source": c.Source})
	}
	return x.one(http.StatusOK, "", object{
		"identifier": s.Identifier, "replyUrls": replyURLs(&app{Application: a}), "signOnUrl": s.SignOnURL, "relayState": s.RelayState, "logoutUrl": s.LogoutURL,
		"nameIdSource": s.NameIDSource, "nameIdFormat": string(s.NameIDFormat), "claims": claims, "signingOption": string(s.SigningOption),
		"endpoints": object{
			"loginUrl": to.LoginURL, "microsoftEntraIdentifier": to.Identifier, "logoutUrl": to.LogoutURL, "metadataUrl": to.MetadataURL, "userAccessUrl": to.UserAccessURL,
		},
	})
}

// patchSAML changes what it names.
func (x *exchange) patchSAML() error {
	f, err := x.body("saml", maxBody)
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	f.drop("endpoints") // made by the stand-in
	change, err := samlChange(f)
	if err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	a, err = x.api.directory.UpdateApplication(x.r.Context(), a.ID, func(a *directory.Application) error { change(&a.SAML); return nil })
	if err != nil {
		return err
	}
	if err := x.api.idp.EnsureCertificate(x.r.Context(), a.ID); err != nil {
		return err
	}
	return x.answerSAML(a)
}

func samlChange(f *fields) (func(*directory.SAMLSettings), error) {
	var changes []func(*directory.SAMLSettings)
	for name, at := range map[string]func(*directory.SAMLSettings) *string{
		"identifier":   func(s *directory.SAMLSettings) *string { return &s.Identifier },
		"signOnUrl":    func(s *directory.SAMLSettings) *string { return &s.SignOnURL },
		"relayState":   func(s *directory.SAMLSettings) *string { return &s.RelayState },
		"logoutUrl":    func(s *directory.SAMLSettings) *string { return &s.LogoutURL },
		"nameIdSource": func(s *directory.SAMLSettings) *string { return &s.NameIDSource },
	} {
		value, given, err := f.text(name)
		if err != nil {
			return nil, err
		}
		if given {
			changes = append(changes, func(s *directory.SAMLSettings) { *at(s) = value })
		}
	}
	format, given, err := f.text("nameIdFormat")
	if err != nil {
		return nil, err
	}
	if given {
		changes = append(changes, func(s *directory.SAMLSettings) { s.NameIDFormat = directory.NameIDFormat(format) })
	}
	signing, given, err := f.text("signingOption")
	if err != nil {
		return nil, err
	}
	if given {
		changes = append(changes, func(s *directory.SAMLSettings) { s.SigningOption = directory.SigningOption(signing) })
	}
	replies, given, err := f.texts("replyUrls")
	if err != nil {
		return nil, err
	}
	if given {
		changes = append(changes, func(s *directory.SAMLSettings) {
			s.ReplyURL, s.MoreReplyURLs = "", nil
			if len(replies) > 0 {
				s.ReplyURL, s.MoreReplyURLs = replies[0], replies[1:]
			}
		})
	}
	claims, given, err := readClaims(f)
	if err != nil {
		return nil, err
	}
	if given {
		changes = append(changes, func(s *directory.SAMLSettings) { s.Claims = claims })
	}
	return func(s *directory.SAMLSettings) {
		for _, change := range changes {
			change(s)
		}
	}, nil
}

func readClaims(f *fields) (claims []directory.Claim, given bool, err error) {
	list, given, err := f.objects("claims", "claim")
	if err != nil {
		return nil, given, err
	}
	claims = []directory.Claim{}
	for _, one := range list {
		var c directory.Claim
		if c.Name, err = one.needText("name"); err != nil {
			return nil, true, err
		}
		if c.Namespace, _, err = one.text("namespace"); err != nil {
			return nil, true, err
		}
		if c.Source, err = one.needText("source"); err != nil {
			return nil, true, err
		}
		if err := one.done(); err != nil {
			return nil, true, err
		}
		claims = append(claims, c)
	}
	return claims, given, nil
}
