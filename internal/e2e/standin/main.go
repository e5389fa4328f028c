// Standin lets the provisioning service of the stand-in for Entra ID provision a SCIM server that others wrote, and
// compares what the server then holds with the directory. scripts/interop.sh runs it; docs/interop.md says what came out.
//
//	standin [-optscim] [-known FILE] [-record FILE] TENANT-URL        the secret token is in INTEROP_TOKEN
//
// The server must be empty. -optscim adds the flag aadOptscim062020 to the URL, with which Entra ID sends the other dialect
// of PATCH. A line of the file of known failures is "legacy" or "optscim", the step, and what the server does; a step that
// is in it must fail. -record writes every request and its answer as a line of JSON, without the token.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	optscim := flag.Bool("optscim", false, "add aadOptscim062020 to the URL")
	knownFile := flag.String("known", "", "steps that fail for a reason outside the stand-in")
	recordFile := flag.String("record", "", "write the exchanges here")
	flag.Parse()
	token := os.Getenv("INTEROP_TOKEN")
	if flag.NArg() != 1 || token == "" {
		return errors.New("want the tenant URL as the only argument and the secret token in INTEROP_TOKEN")
	}
	dialect, suffix := "legacy", ""
	if *optscim {
		dialect, suffix = "optscim", "?aadOptscim062020"
	}
	known, err := readKnown(*knownFile, dialect)
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, flag.Arg(0), suffix, token)
	if err != nil {
		return err
	}
	defer w.close()
	r := &runner{world: w, known: known}
	r.all(ctx)
	if *recordFile != "" {
		if err := w.wire.save(*recordFile); err != nil {
			return err
		}
	}
	for id := range known {
		r.failed++
		fmt.Printf("FAILED  %s is in %s, and there is no such step\n", id, *knownFile)
	}
	fmt.Printf("total   %d ok, %d failed, %d known\n", r.ok, r.failed, r.knownCount)
	if r.failed > 0 {
		return fmt.Errorf("%d steps are not as expected", r.failed)
	}
	return nil
}

// readKnown reads what a dialect is known to fail at: step to reason.
func readKnown(path, dialect string) (map[string]string, error) {
	known := map[string]string{}
	if path == "" {
		return known, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		rest, mine := strings.CutPrefix(lines.Text(), dialect+" ")
		if !mine {
			continue
		}
		id, reason, _ := strings.Cut(rest, " ")
		known[id] = reason
	}
	return known, lines.Err()
}

// runner does one step after another.
type runner struct {
	*world
	known                  map[string]string // steps that were not run yet
	ok, failed, knownCount int
}

// step does one thing and reports it; later steps run also after a failure. A known failure that does not come is one too,
// so that the reason does not outlive the defect.
func (r *runner) step(id, what string, act func() error) {
	err := act()
	reason, isKnown := r.known[id]
	delete(r.known, id)
	switch {
	case err == nil && !isKnown:
		r.ok++
		fmt.Printf("ok      %s: %s\n", id, what)
	case err == nil:
		r.failed++
		fmt.Printf("FAILED  %s: works now, so it is no longer true that %s\n", id, reason)
	case isKnown:
		r.knownCount++
		fmt.Printf("known   %s: %s: %s\n        %s\n", id, what, reason, r.said(err))
	default:
		r.failed++
		fmt.Printf("FAILED  %s: %s: %s\n", id, what, r.said(err))
	}
}

// said is an error on one line, without the token.
func (r *runner) said(err error) string {
	text := strings.ReplaceAll(strings.Join(strings.Fields(err.Error()), " "), r.token, "(hidden)")
	if len(text) > 900 {
		text = strings.ToValidUTF8(text[:900], "") + "…"
	}
	return text
}
