package iam_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

func TestSupportText_Check(t *testing.T) {
	t.Parallel()
	fine := iam.SupportText{
		Priority: iam.PriorityHigh, Subject: "  Sync stopped ", Description: "One\r\n\r\n\ttwo\r\n", Application: "Rollcall — prod", ApplicationID: " 3f2504e0 ",
	}
	got, err := fine.Check()
	want := iam.SupportText{Priority: iam.PriorityHigh, Subject: "Sync stopped", Description: "One\n\n\ttwo", Application: "Rollcall — prod", ApplicationID: "3f2504e0"}
	if err != nil || got != want {
		t.Errorf("Check = %+v, %v; want %+v", got, err, want)
	}
	longest := fine
	longest.Subject, longest.Description = strings.Repeat("ש", iam.MaxSupportSubject), strings.Repeat("😀", iam.MaxSupportDescription)
	if _, err := longest.Check(); err != nil {
		t.Errorf("the longest text: %v", err)
	}
	for name, test := range map[string]struct {
		spoil func(*iam.SupportText)
		want  string
		field string
	}{
		"no priority":        {func(s *iam.SupportText) { s.Priority = "" }, `priority "" is not one of`, "priority"},
		"unknown priority":   {func(s *iam.SupportText) { s.Priority = "Urgent" }, `priority "Urgent" is not one of`, "priority"},
		"no subject":         {func(s *iam.SupportText) { s.Subject = " \t" }, "the subject is empty", "subject"},
		"no description":     {func(s *iam.SupportText) { s.Description = "\r\n" }, "the description is empty", "description"},
		"long subject":       {func(s *iam.SupportText) { s.Subject = strings.Repeat("x", 201) }, "201 characters long; at most 200", "subject"},
		"long description":   {func(s *iam.SupportText) { s.Description = strings.Repeat("x", 10_001) }, "10001 characters long", "description"},
		"long application":   {func(s *iam.SupportText) { s.Application = strings.Repeat("x", 201) }, "the application name is 201", "application"},
		"long object id":     {func(s *iam.SupportText) { s.ApplicationID = strings.Repeat("x", 201) }, "the object ID is 201", "application-id"},
		"two lines":          {func(s *iam.SupportText) { s.Subject = "a\nb" }, "control characters", "subject"},
		"a null character":   {func(s *iam.SupportText) { s.Description = "a\x00b" }, "control characters", "description"},
		"an escape sequence": {func(s *iam.SupportText) { s.Description = "\x1b[2J" }, "control characters", "description"},
		"not UTF-8":          {func(s *iam.SupportText) { s.Subject = "a\xff" }, "not UTF-8", "subject"},
	} {
		text := fine
		test.spoil(&text)
		_, err := text.Check()
		refused, ok := err.(*iam.Error)
		if !ok || refused.Kind != iam.KindInvalid || refused.Field != test.field || !strings.Contains(refused.Message, test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func picture(t *testing.T, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }

// sized changes what the header of a PNG says of its size (RFC 2083 section 4.1.1).
func sized(data []byte, width, height uint32) []byte {
	data = bytes.Clone(data)
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestReadScreenshot(t *testing.T) {
	t.Parallel()
	aPNG, aJPEG := picture(t, asPNG), picture(t, asJPEG)
	full := append(bytes.Clone(aPNG), make([]byte, iam.MaxScreenshotBytes-len(aPNG))...)
	for name, test := range map[string]struct {
		data []byte
		want iam.Screenshot
		end  string
	}{
		"none":        {nil, iam.Screenshot{}, ""},
		"PNG":         {aPNG, iam.Screenshot{Type: "image/png", Width: 30, Height: 20, Bytes: len(aPNG)}, ".png"},
		"JPEG":        {aJPEG, iam.Screenshot{Type: "image/jpeg", Width: 30, Height: 20, Bytes: len(aJPEG)}, ".jpg"},
		"the largest": {full, iam.Screenshot{Type: "image/png", Width: 30, Height: 20, Bytes: iam.MaxScreenshotBytes}, ".png"},
		"the widest":  {sized(aPNG, 20_000, 5_000), iam.Screenshot{Type: "image/png", Width: 20_000, Height: 5_000, Bytes: len(aPNG)}, ".png"},
	} {
		got, err := iam.ReadScreenshot(test.data)
		if err != nil || got != test.want || got.Extension() != test.end || got.Exists() != (test.end != "") {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
	for name, test := range map[string]struct {
		data []byte
		kind iam.Kind
		want string
	}{
		"one byte too large":   {append(bytes.Clone(full), 0), iam.KindTooMany, "larger than 5 MB"},
		"GIF":                  {[]byte("GIF89a\x01\x00\x01\x00"), iam.KindInvalid, "neither a PNG nor a JPEG"},
		"SVG":                  {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), iam.KindInvalid, "neither a PNG nor a JPEG"},
		"a page":               {[]byte("<script>alert(1)</script>"), iam.KindInvalid, "neither a PNG nor a JPEG"},
		"a signature alone":    {aPNG[:8], iam.KindInvalid, "damaged"},
		"half a header":        {aPNG[:20], iam.KindInvalid, "damaged"},
		"half a JPEG header":   {aJPEG[:10], iam.KindInvalid, "damaged"},
		"a signature of JPEG":  {[]byte("\xff\xd8\xff<script>"), iam.KindInvalid, "damaged"},
		"too wide":             {sized(aPNG, 20_001, 1), iam.KindTooMany, "20001 × 1 pixels"},
		"too many pixels":      {sized(aPNG, 20_000, 5_001), iam.KindTooMany, "pixels"},
		"a picture of nothing": {sized(aPNG, 0, 5), iam.KindInvalid, "damaged"},
	} {
		got, err := iam.ReadScreenshot(test.data)
		if iam.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) || got.Exists() {
			t.Errorf("%s: %+v, %v; want %v with %q", name, got, err, test.kind, test.want)
		}
	}
}
