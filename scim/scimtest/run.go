package scimtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/scim/scimclient"
)

// run is the state of one Run.
type run struct {
	cfg     Config
	client  *scimclient.Client
	now     func() time.Time
	secrets []string
	report  *Report

	// off has the features that the ServiceProviderConfig says are not
	// supported.
	off    map[feature]bool
	config obj // the ServiceProviderConfig, nil when it could not be read

	people     *people         // shared users, made when the first check needs them
	bystanders map[string]bool // endpoints that have a resource beside those of the checks

	writeErr error // of Out; nothing is written after it

	mu     sync.Mutex // guards what follows: a check may send in parallel
	serial int
	made   []string        // paths of what was made and not removed yet, oldest first
	shared map[string]bool // those of made that stay until the end
}

func (r *run) printf(format string, a ...any) {
	if r.cfg.Out == nil || r.writeErr != nil {
		return
	}
	_, r.writeErr = fmt.Fprintf(r.cfg.Out, format, a...)
}

// readFeatures learns which optional features are not supported. When the
// configuration cannot be read every feature counts as supported, so that
// nothing is skipped for want of it.
func (r *run) readFeatures(ctx context.Context) {
	r.off = map[feature]bool{}
	resp, err := r.client.Do(ctx, http.MethodGet, "/ServiceProviderConfig", "", nil, nil)
	if err != nil || resp.Status != http.StatusOK || resp.Object == nil {
		return
	}
	r.config = resp.Object
	for _, f := range []feature{patchFeature, filterFeature, sortFeature, etagFeature, bulkFeature} {
		if supported, ok := at(r.config, string(f), "supported"); ok && supported == false {
			r.off[f] = true
		}
	}
	// RFC 9865 section 4: a server without the pagination member knows no cursors.
	if supported, _ := at(r.config, "pagination", "cursor"); supported != true {
		r.off[cursorFeature] = true
	}
}

// runCheck runs one check and removes what it made. answered tells whether the
// server answered any request of it.
func (r *run) runCheck(ctx context.Context, c check) (result Result, answered bool) {
	result = Result{CheckInfo: c.info(), Status: Passed}
	if r.off[c.needs] {
		result.Status = Skipped
		result.Problem = fmt.Sprintf("the ServiceProviderConfig says that %s is not supported", c.needs)
		return result, false
	}
	t := &T{run: r, ctx: ctx}
	func() {
		defer func() {
			switch v := recover().(type) {
			case nil:
			case failure:
				result.Status, result.Problem = Failed, r.hide(string(v))
			default:
				// A fault of the check itself must neither hide as a pass nor
				// leave users behind.
				result.Status, result.Problem = Failed, fmt.Sprintf("the check stopped on an answer it did not foresee: %v", v)
			}
		}()
		c.run(t)
	}()
	r.remove(ctx)
	if result.Status == Failed {
		result.Exchanges = t.shown()
	}
	for _, x := range t.exchanges {
		answered = answered || x.resp != nil
	}
	return result, answered || len(t.exchanges) == 0
}

func (r *run) add(result Result) {
	r.report.Results = append(r.report.Results, result)
	switch result.Status {
	case Passed:
		r.report.Passed++
		if r.cfg.Verbose {
			r.printf("ok    %s  %s\n", result.ID, result.Says)
		}
	case Skipped:
		r.report.Skipped++
		r.printf("skip  %s  %s\n      %s\n", result.ID, result.Says, result.Problem)
	case Failed:
		r.report.Failed++
		r.printf("FAIL  %s  %s\n      %s\n      %s\n", result.ID, result.Says, result.Source, result.Problem)
		for _, x := range result.Exchanges {
			r.printf("%s", x.text("      "))
		}
	}
}

// noteMade remembers what an answer made.
func (r *run) noteMade(method, path string, resp *scimclient.Response) {
	if resp.Status < 200 || resp.Status > 299 {
		return
	}
	path = strings.ReplaceAll(path, "//", "/")
	switch {
	case method == http.MethodPost && (path == "/Users" || path == "/Groups"):
		if id, ok := resp.Object["id"].(string); ok && id != "" {
			r.keep(path + "/" + escapeID(id))
		}
	case method == http.MethodPost && path == "/Bulk":
		operations, _ := at(resp.Object, "Operations")
		for _, op := range items(operations) {
			made, _ := at(op, "method")
			location, _ := at(op, "location")
			if s, ok := made.(string); ok && strings.EqualFold(s, http.MethodPost) {
				r.keep(resourcePath(location))
			}
		}
	case method == http.MethodDelete:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.made = slices.DeleteFunc(r.made, func(p string) bool { return p == path })
	}
}

func (r *run) keep(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if path != "" && !slices.Contains(r.made, path) {
		r.made = append(r.made, path)
	}
}

// share keeps a resource until the end of the run.
func (r *run) share(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shared[path] = true
}

// resourcePath is the path below the base address of a resource's location.
func resourcePath(location any) string {
	s, _ := location.(string)
	for _, kind := range []string{"/Users/", "/Groups/"} {
		if i := strings.LastIndex(s, kind); i >= 0 {
			return s[i:]
		}
	}
	return ""
}

// remove deletes what was made and is not shared, groups before users and the
// youngest first. What cannot be deleted now is tried again at the end of the
// run.
func (r *run) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	doomed := slices.DeleteFunc(slices.Clone(r.made), func(p string) bool { return r.shared[p] })
	slices.Reverse(doomed)
	slices.SortStableFunc(doomed, func(a, b string) int { return groupsFirst(a) - groupsFirst(b) })
	for _, path := range doomed {
		resp, err := r.client.Do(ctx, http.MethodDelete, path, "", nil, nil)
		if err != nil {
			return // the server is gone; the end of the run tries once more
		}
		gone := resp.Status < 300 || resp.Status == http.StatusNotFound
		if !gone {
			// Perhaps it was removed already, and the server says so in its own way.
			resp, err = r.client.Do(ctx, http.MethodGet, path, "", nil, nil)
			gone = err == nil && resp.Status == http.StatusNotFound
		}
		if gone {
			r.made = slices.DeleteFunc(r.made, func(p string) bool { return p == path })
		}
	}
}

func groupsFirst(path string) int {
	if strings.HasPrefix(path, "/Groups/") {
		return 0
	}
	return 1
}

// cleanUp removes all that the run made, and looks for resources that carry
// its prefix although the server never told their ids.
func (r *run) cleanUp(ctx context.Context) {
	r.shared = nil
	r.remove(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	for _, kind := range []struct{ path, attribute string }{{"/Groups", "displayName"}, {"/Users", "userName"}} {
		query := scimclient.Query("filter", kind.attribute+` sw `+scimclient.Quote(r.cfg.Prefix))
		resp, err := r.client.Do(ctx, http.MethodGet, kind.path, query, nil, nil)
		if err != nil || resp.Status != http.StatusOK {
			continue
		}
		resources, _ := at(resp.Object, "Resources")
		for _, resource := range items(resources) {
			name, _ := at(resource, kind.attribute)
			id, _ := at(resource, "id")
			// The filter may have been ignored: never remove what is not ours.
			if s, ok := name.(string); !ok || !strings.HasPrefix(strings.ToLower(s), r.cfg.Prefix) {
				continue
			}
			if s, ok := id.(string); ok && s != "" {
				r.keep(kind.path + "/" + escapeID(s))
			}
		}
	}
	r.remove(ctx)
	r.report.LeftBehind = append(r.report.LeftBehind, r.made...)
}
