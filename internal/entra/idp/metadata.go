package idp

import (
	"encoding/base64"
	"net/http"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

const metadataPath = "/federationmetadata/2007-06/federationmetadata.xml"

// getMetadata answers the metadata of an application, with every certificate of its own
// that has not expired, the active one first: Microsoft Entra docs, "federation-metadata".
func (p *Provider) getMetadata(w http.ResponseWriter, r *http.Request) error {
	app, err := p.directory.ApplicationByAppID(r.Context(), directory.ID(r.URL.Query().Get("appid")))
	if directory.IsProblem(err, directory.NotFound) {
		return &Failure{Status: http.StatusNotFound, Code: "AADSTS700016", Message: "Application with identifier '" + words.Clip(r.URL.Query().Get("appid")) + "' was not found in the directory. The metadata of an application is read with its Application ID as the parameter appid."}
	}
	if err != nil {
		return err
	}
	certificates, err := p.directory.Certificates(r.Context(), app.ID)
	if err != nil {
		return err
	}
	id, err := p.newID()
	if err != nil {
		return err
	}
	root := etree.NewElement("EntityDescriptor")
	root.CreateAttr("xmlns", nsMetadata)
	root.CreateAttr("ID", id)
	root.CreateAttr("entityID", p.issuer())
	provider := root.CreateElement("IDPSSODescriptor")
	provider.CreateAttr("protocolSupportEnumeration", nsProtocol)
	for _, c := range certificates {
		if !c.Active && !p.now().Before(c.NotAfter) {
			continue
		}
		key := provider.CreateElement("KeyDescriptor")
		key.CreateAttr("use", "signing")
		info := key.CreateElement("KeyInfo")
		info.CreateAttr("xmlns", "http://www.w3.org/2000/09/xmldsig#")
		info.CreateElement("X509Data").CreateElement("X509Certificate").SetText(base64.StdEncoding.EncodeToString(c.DER))
	}
	if len(provider.ChildElements()) == 0 {
		return failure("AADSTS500031", "Cannot find signing certificate configured for the application '%s'. Create one on its Single sign-on page.", app.DisplayName)
	}
	endpoint := func(name, binding string) {
		e := provider.CreateElement(name)
		e.CreateAttr("Binding", binding)
		e.CreateAttr("Location", p.Endpoints(app).LoginURL)
	}
	endpoint("SingleLogoutService", bindingRedirect)
	endpoint("SingleSignOnService", bindingRedirect)
	endpoint("SingleSignOnService", bindingPOST)
	text, err := write(root)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`<?xml version="1.0" encoding="utf-8"?>` + text)) // the reader has gone, if this fails
	return nil
}
