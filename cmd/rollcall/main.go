// Command rollcall is the whole of Rollcall: the server, and the commands with which
// its operator and an organization's admin manage it. It is wiring: flags and
// environment become a configuration, the database is opened, services are built and
// called or mounted behind doors. What anything means is decided below.
//
// The names of commands, flags and JSON members are a contract: scripts depend on
// them. Errors are one line on standard error; exit 1 means refused, 2 wrong usage.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once, whatever it is still finishing.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone    = 0
	exitRefused = 1
	exitUsage   = 2
)

// app is what a command works with.
type app struct {
	globals
	ctx    context.Context //nolint:containedctx // one command is one context
	stdout *bufio.Writer
	stderr io.Writer
	now    func() time.Time
}

// usageError is wrong usage that kong cannot see by itself.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func wrongUsage(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// errSilent ends a command with exit 1 when what there is to say is said.
var errSilent = errors.New("refused")

// exited carries the exit code of --help out of the parser.
type exited int

// run is main without the process: it parses args and runs the command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	out := bufio.NewWriter(stdout)
	var commands cli
	parser, err := kong.New(&commands,
		kong.Name("rollcall"),
		kong.Description("Keeps an organization's people in step with its identity provider by SCIM 2.0.\n\n"+
			"Commands work on the database, also while the server runs. ROLE is a role's id or its exact name, a custom role before a "+
			"system role; system:Admin names the system role. Every flag can also be given in the environment: --public-url is ROLLCALL_PUBLIC_URL."),
		kong.Writers(out, stderr),
		kong.DefaultEnvars("ROLLCALL"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Exit(func(code int) { panic(exited(code)) }),
	)
	if err != nil {
		return fail(stderr, err, exitRefused)
	}
	defer func() {
		if err := out.Flush(); err != nil && code == exitDone {
			code = fail(stderr, fmt.Errorf("write the output: %w", err), exitRefused)
		}
	}()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exited:
			code = int(p)
		default:
			panic(p)
		}
	}()

	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(stderr, fmt.Errorf("%w; see %s --help", err, commandPath(err)), exitUsage)
	}
	a := &app{globals: commands.globals, ctx: ctx, stdout: out, stderr: stderr, now: time.Now}
	err = parsed.Run(a)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSilent):
		return exitRefused
	case errors.As(err, &usage):
		return fail(stderr, err, exitUsage)
	}
	return fail(stderr, err, exitRefused)
}

// commandPath names the command that a parse error is about, as far as it got.
func commandPath(err error) string {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || parse.Context == nil {
		return "rollcall"
	}
	path := []string{"rollcall"}
	for _, step := range parse.Context.Path {
		if step.Command != nil {
			path = append(path, step.Command.Name)
		}
	}
	return strings.Join(path, " ")
}

// fail prints the one line of an error.
func fail(stderr io.Writer, err error, code int) int {
	line := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	_, _ = fmt.Fprintf(stderr, "rollcall: %s\n", printable(line))
	return code
}
