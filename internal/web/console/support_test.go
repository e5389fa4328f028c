package console

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// sendForm posts a form as browsers send one with a file field: the part of the file
// comes even when none was chosen.
func (b *browserTab) sendForm(path string, fields url.Values, field, name string, content []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key := range fields {
		if err := form.WriteField(key, fields.Get(key)); err != nil {
			b.t.Fatal(err)
		}
	}
	part := must[interface{ Write([]byte) (int, error) }](b.t)(form.CreateFormFile(field, name))
	must[int](b.t)(part.Write(content))
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, publicURL+path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer{b.t, "POST " + path, w.Code, w.Header(), w.Body.String()}
}

func screenshotPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1280, 720))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func supportForm() url.Values {
	return url.Values{
		"priority": {"high"}, "subject": {" Users are <b>skipped</b> "}, "description": {"Since noon.\r\n\r\nFirst line\r\nSecond line\r\n"},
		"application": {"Rollcall (prod)"}, "application-id": {"3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
	}
}

// The guide's last paragraph, word for word: Help -> Contact support, the organization
// id, the name and object id of the enterprise application, a screenshot (R148-R151).
func TestR148_contactSupport(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/dashboard").has(`<h2>Help</h2>`, `Contact support</a>`, `href="/support"`)
	b.get("/support").is(http.StatusOK).
		says("Contact support", "Organization ID", "Enterprise application", "Object ID", "PNG or JPEG, at most 5 MB.", "No requests yet", "an answer goes to admin@alpha.example").
		has(`<code id="organization-id">`+string(o.id)+`</code>`, `<option value="normal" selected>Normal</option>`, `accept="image/png,image/jpeg"`, `enctype="multipart/form-data"`)

	shot := screenshotPNG(t)
	sent := b.sendForm("/support", supportForm(), "screenshot", `..\"evil.html`, shot).is(http.StatusSeeOther)
	path := sent.header.Get("Location")
	b.get(path).is(http.StatusOK).
		says("Your request is kept for the person who runs this server.", "An answer goes to admin@alpha.example.", "Users are <b>skipped</b>", "Since noon. First line Second line",
			"High", "Rollcall (prod)", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "PNG, 1,280 × 720 pixels", string(o.id)).
		has("<p>First line<br>Second line</p>", `href="/support" aria-current="page"`).saysNot("evil")
	b.get("/support").says("Users are <b>skipped</b> With a screenshot", "admin@alpha.example", "just now").saysNot("No requests yet").has(`name="subject" value=""`)

	file := b.get(path + "/screenshot").is(http.StatusOK)
	id := strings.TrimPrefix(path, "/support/")
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Disposition": "attachment; filename=support-" + id + ".png", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store",
	} {
		if got := file.header.Get(name); got != want {
			t.Errorf("the screenshot's %s is %q, want %q", name, got, want)
		}
	}
	if file.body != string(shot) {
		t.Errorf("the screenshot came back as %d bytes, want %d", len(file.body), len(shot))
	}
	kept := must[iam.SupportRequest](t)(o.access.FindSupportRequest(t.Context(), iam.SupportRequestID(id)))
	if kept.Organization != o.id || kept.Email != "admin@alpha.example" || kept.Priority != iam.PriorityHigh || kept.Description != "Since noon.\n\nFirst line\nSecond line" {
		t.Errorf("the operator finds %+v", kept)
	}
}

// Without a file, by a browser that sends an empty part or by a form without one.
func TestContactSupport_withoutScreenshot(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	for _, sent := range []answer{b.sendForm("/support", supportForm(), "screenshot", "", nil), b.post("/support", supportForm())} {
		path := sent.is(http.StatusSeeOther).header.Get("Location")
		b.get(path).is(http.StatusOK).says("Screenshot - Organization ID").saysNot("pixels")
		b.get(path + "/screenshot").is(http.StatusNotFound).says("has no screenshot")
	}
}

// What is refused is shown again with all that was entered, except the file.
func TestContactSupport_refused(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	before := storetest.Dump(t, o.url)
	with := func(field, value string) url.Values {
		form := supportForm()
		form.Set(field, value)
		return form
	}
	shot := screenshotPNG(t)
	for _, test := range []struct {
		form    url.Values
		picture []byte
		status  int
		want    string
	}{
		{with("subject", " "), shot, http.StatusBadRequest, "The subject is empty"},
		{with("description", ""), shot, http.StatusBadRequest, "The description is empty"},
		{with("priority", "urgent"), shot, http.StatusBadRequest, `Priority "urgent" is not one of low, normal, high`},
		{with("application-id", strings.Repeat("x", 201)), shot, http.StatusBadRequest, "The object ID is 201 characters long; at most 200 are allowed"},
		{supportForm(), []byte("<script>alert(1)</script>"), http.StatusBadRequest, "neither a PNG nor a JPEG"},
		{supportForm(), shot[:25], http.StatusBadRequest, "the screenshot is damaged"},
		{supportForm(), append(bytes.Clone(shot), make([]byte, iam.MaxScreenshotBytes)...), http.StatusRequestEntityTooLarge, "larger than 5 MB"},
	} {
		a := b.sendForm("/support", test.form, "screenshot", "a.png", test.picture).says("Nothing was changed.", "Choose it again: it was not kept.").
			has(`value="Rollcall (prod)"`)
		if a.status != test.status || !strings.Contains(strings.ToLower(text(a.body)), strings.ToLower(test.want)) {
			t.Errorf("%s: %d, want %d with %q: %s", a.what, a.status, test.status, test.want, text(a.body))
		}
		if test.form.Get("subject") != " " {
			a.has(`value="Users are &lt;b&gt;skipped&lt;/b&gt;"`)
		}
	}
	// Larger than the whole form may be: nothing of it is read.
	b.sendForm("/support", supportForm(), "screenshot", "a.png", make([]byte, maxSupportForm)).says("The form is larger than", "Nothing was changed.")
	if storetest.Dump(t, o.url) != before {
		t.Error("a refused request changed something")
	}
}

func TestContactSupport_tooMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	for range access.SupportPerDay {
		b.post("/support", supportForm()).is(http.StatusSeeOther)
		w.sleep(time.Second)
	}
	b.refusesToChange(http.StatusRequestEntityTooLarge, "/support", supportForm()).says("which is the most", "wait or call him").has(`value="Rollcall (prod)"`)
}

// The list in pages, and that of another organization never.
func TestContactSupport_list(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha", "alpha.example").connect(), w.org("Beta", "beta.example").connect()
	actor := iam.Actor{Type: iam.ActorUser, ID: "m", Details: "ann@alpha.example"}
	var ids []string
	for i := range supportRowsOnPage + 2 {
		if i == 10 {
			w.sleep(25 * time.Hour) // no more than so many in a day
		}
		w.sleep(time.Second)
		made := must[access.SupportSent](t)(o.access.ContactSupport(t.Context(), actor, o.id, iam.SupportText{Priority: iam.PriorityLow, Subject: fmt.Sprintf("Number %02d.", i), Description: "x"}, nil))
		ids = append(ids, string(made.ID))
	}
	b := o.admin()
	first := b.get("/support").says("Number 26.", "Number 02.", "25 requests on this page").saysNot("Number 01.")
	next := "/support?older=" + ids[2]
	first.has(`href="` + next + `#requests" rel="next"`)
	b.get(next).says("Number 01.", "Number 00.").saysNot("Number 02.").has(`href="/support#requests" rel="prev"`)
	b.get("/support?older=" + ids[0]).says("No older requests").saysNot("No requests yet")
	b.get("/support?older=nonsense").says("Number 26.")

	stranger := other.admin()
	stranger.get("/support?older=" + ids[2]).says("No older requests").saysNot("Number")
	stranger.get("/support/" + ids[3]).is(http.StatusNotFound).saysNot("Number")
	stranger.get("/support/" + ids[3] + "/screenshot").is(http.StatusNotFound)
	b.get("/support/x").is(http.StatusNotFound).says(`There is no support request "x"`)
}
