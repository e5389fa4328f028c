package iam

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SupportRequestID names what somebody wrote to support.
type SupportRequestID string

// SupportPriority is how much the sender says it matters.
type SupportPriority string

// The priorities of a support request.
const (
	PriorityLow    SupportPriority = "low"
	PriorityNormal SupportPriority = "normal"
	PriorityHigh   SupportPriority = "high"
)

// SupportPriorities lists them, the least first.
func SupportPriorities() []SupportPriority {
	return []SupportPriority{PriorityLow, PriorityNormal, PriorityHigh}
}

// ParseSupportPriority accepts exactly the three names.
func ParseSupportPriority(s string) (SupportPriority, error) {
	switch p := SupportPriority(s); p {
	case PriorityLow, PriorityNormal, PriorityHigh:
		return p, nil
	}
	return "", Errorf(KindInvalid, "priority %q is not one of low, normal, high", Clip(s)).On("priority")
}

// SupportRequest is what a member wrote to support. The screenshot's bytes are kept
// beside it.
type SupportRequest struct {
	Organization OrganizationID
	ID           SupportRequestID
	CreatedAt    time.Time
	Member       MemberID
	Email        string // of the member when he wrote
	SupportText
	Screenshot Screenshot // zero: none
}

// SupportText is what a member fills in.
type SupportText struct {
	Priority      SupportPriority
	Subject       string
	Description   string // lines end in "\n"
	Application   string // name of the enterprise application at the identity provider; may be ""
	ApplicationID string // and its object id; may be ""
}

// Bounds of a support request, in characters.
const (
	MaxSupportSubject     = 200
	MaxSupportDescription = 10_000
	MaxSupportApplication = 200
)

// Check brings the text into the form in which it is stored and refuses what does not
// fit: a line is one line, and nothing holds control characters.
func (t SupportText) Check() (SupportText, error) {
	if _, err := ParseSupportPriority(string(t.Priority)); err != nil {
		return t, err
	}
	t.Description = strings.ReplaceAll(t.Description, "\r\n", "\n")
	for _, field := range []struct {
		what, name string
		value      *string
		most       int
		needed     bool
		lines      bool
	}{
		{"the subject", "subject", &t.Subject, MaxSupportSubject, true, false},
		{"the description", "description", &t.Description, MaxSupportDescription, true, true},
		{"the application name", "application", &t.Application, MaxSupportApplication, false, false},
		{"the object ID", "application-id", &t.ApplicationID, MaxSupportApplication, false, false},
	} {
		*field.value = strings.TrimSpace(*field.value)
		s := *field.value
		odd := func(r rune) bool { return unicode.IsControl(r) && (!field.lines || r != '\n' && r != '\t') }
		switch {
		case s == "" && field.needed:
			return t, Errorf(KindInvalid, "%s is empty; say in it what happens and what should", field.what).On(field.name)
		case !utf8.ValidString(s):
			return t, Errorf(KindInvalid, "%s is not UTF-8 text", field.what).On(field.name)
		case utf8.RuneCountInString(s) > field.most:
			return t, Errorf(KindInvalid, "%s is %d characters long; at most %d are allowed", field.what, utf8.RuneCountInString(s), field.most).On(field.name)
		case strings.ContainsFunc(s, odd):
			return t, Errorf(KindInvalid, "%s contains control characters; remove them", field.what).On(field.name)
		}
	}
	return t, nil
}

// Screenshot says what a picture is: what its own bytes tell, not what its sender did.
type Screenshot struct {
	Type          string // image/png or image/jpeg
	Width, Height int    // in pixels
	Bytes         int
}

// Exists tells whether there is a picture.
func (s Screenshot) Exists() bool { return s.Type != "" }

// Extension is how the name of a file with the picture ends: ".png", ".jpg".
func (s Screenshot) Extension() string {
	switch s.Type {
	case typePNG:
		return ".png"
	case typeJPEG:
		return ".jpg"
	}
	return ""
}

const (
	typePNG  = "image/png"
	typeJPEG = "image/jpeg"
)

// Bounds of a screenshot. A small file can hold a picture that fills the memory of
// whoever opens it, so the pixels are bounded as well as the bytes.
const (
	MaxScreenshotBytes  = 5 << 20
	maxScreenshotSide   = 20_000
	maxScreenshotPixels = 100_000_000
)

// ReadScreenshot tells what a picture is by its first bytes and its header. The zero
// value without an error is no picture: there are no bytes.
func ReadScreenshot(data []byte) (Screenshot, error) {
	refuse := func(k Kind, format string, args ...any) (Screenshot, error) {
		return Screenshot{}, Errorf(k, format, args...).On("screenshot")
	}
	s := Screenshot{Bytes: len(data)}
	var decode func([]byte) (image.Config, error)
	switch {
	case len(data) == 0:
		return Screenshot{}, nil
	case len(data) > MaxScreenshotBytes:
		return refuse(KindTooMany, "the screenshot is larger than 5 MB; cut out the part that matters, or save it as JPEG")
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		s.Type, decode = typePNG, func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		s.Type, decode = typeJPEG, func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }
	default:
		return refuse(KindInvalid, "the screenshot is neither a PNG nor a JPEG picture; save it as one of them")
	}
	config, err := decode(data)
	if err != nil {
		return refuse(KindInvalid, "the screenshot is damaged (%w); save it again", err)
	}
	s.Width, s.Height = config.Width, config.Height
	if s.Width < 1 || s.Height < 1 || s.Width > maxScreenshotSide || s.Height > maxScreenshotSide || s.Width > maxScreenshotPixels/s.Height {
		return refuse(KindTooMany, "the screenshot has %d × %d pixels; at most %d a side and %d in all are allowed; cut out the part that matters", s.Width, s.Height, maxScreenshotSide, maxScreenshotPixels)
	}
	return s, nil
}
