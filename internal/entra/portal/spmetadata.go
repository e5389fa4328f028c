package portal

import (
	"cmp"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

const largestMetadata = 1 << 20

func (p *Portal) metadataRoutes() []route {
	upload := act("/applications/{app}/sign-on/upload", configurers, p.readMetadata)
	upload.limit = largestMetadata
	return []route{show("/applications/{app}/sign-on/upload", configurers, p.uploadMetadata, "signonupload.html", uploadMetadataPage{}), upload}
}

// uploadMetadataPage is Upload metadata file: it fills section 1 of the Single sign-on
// page in, for review (Microsoft Entra docs, "add-application-portal-setup-sso").
type uploadMetadataPage struct{ frame }

func (x *exchange) uploadPage(app directory.Application) *uploadMetadataPage {
	page := &uploadMetadataPage{x.inApp(app, "Upload metadata file", "/sign-on")}
	page.Crumbs = append(page.Crumbs, crumb{"Single sign-on", page.App.URL("/sign-on")})
	return page
}

func (p *Portal) uploadMetadata(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return x.show(x.uploadPage(app))
}

func (p *Portal) readMetadata(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	file, _, err := x.r.FormFile("file")
	if err != nil {
		return x.again(x.uploadPage(app), refuse(http.StatusBadRequest, "no file was chosen: choose the metadata of the application"))
	}
	defer func() { _ = file.Close() }() // it was only read
	settings, err := serviceProvider(file)
	if err != nil {
		return x.again(x.uploadPage(app), err)
	}
	app.SAML.Identifier, app.SAML.ReplyURL, app.SAML.MoreReplyURLs, app.SAML.LogoutURL = settings.Identifier, settings.ReplyURL, settings.MoreReplyURLs, settings.LogoutURL
	page := x.basicSAMLPage(app)
	page.Review = true
	return x.show(page)
}

// spMetadata is what is read of the metadata of a service provider (SAML 2.0 metadata,
// section 2.4.4).
type spMetadata struct {
	XMLName  xml.Name
	EntityID string `xml:"entityID,attr"`
	SP       []struct {
		ACS []struct {
			Binding  string `xml:"Binding,attr"`
			Location string `xml:"Location,attr"`
			Default  bool   `xml:"isDefault,attr"`
		} `xml:"AssertionConsumerService"`
		Logout []struct {
			Binding  string `xml:"Binding,attr"`
			Answers  string `xml:"ResponseLocation,attr"`
			Location string `xml:"Location,attr"`
		} `xml:"SingleLogoutService"`
	} `xml:"SPSSODescriptor"`
}

const (
	postBinding     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
)

func serviceProvider(r io.Reader) (directory.SAMLSettings, error) {
	var m spMetadata
	var s directory.SAMLSettings
	if err := xml.NewDecoder(r).Decode(&m); err != nil {
		return s, refuse(http.StatusBadRequest, "the file is no XML: %s", words.Clip(err.Error()))
	}
	if m.XMLName.Local != "EntityDescriptor" || len(m.SP) == 0 {
		return s, refuse(http.StatusBadRequest, "the file is not the metadata of a service provider: an EntityDescriptor with an SPSSODescriptor is wanted, it holds %q", words.Clip(m.XMLName.Local))
	}
	s.Identifier = m.EntityID
	var replies []string
	for _, acs := range m.SP[0].ACS {
		location := strings.TrimSpace(acs.Location)
		switch {
		case acs.Binding != postBinding || location == "" || slices.Contains(replies, location): // answers are posted
		case acs.Default:
			replies = append([]string{location}, replies...)
		default:
			replies = append(replies, location)
		}
	}
	if len(replies) == 0 {
		return s, refuse(http.StatusBadRequest, "the metadata names no AssertionConsumerService with the binding HTTP-POST; enter the Reply URL by hand")
	}
	s.ReplyURL, s.MoreReplyURLs = replies[0], replies[1:]
	for _, logout := range m.SP[0].Logout {
		// Requests and answers go by redirect, to one address: with two it is that for answers.
		if logout.Binding == redirectBinding {
			s.LogoutURL = strings.TrimSpace(cmp.Or(logout.Answers, logout.Location))
			break
		}
	}
	return s, nil
}
