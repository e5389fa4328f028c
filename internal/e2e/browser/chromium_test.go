package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// programs are the names under which Chromium is installed.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}

// chromium is one browser for all tests of the process. Each tab has a profile of its
// own in it.
type chromium struct {
	ctx  context.Context
	stop func()
}

var running = sync.OnceValues(start)

func start() (*chromium, error) {
	program, err := program()
	if err != nil {
		return nil, err
	}
	authority, err := theAuthority()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // containers have no user namespaces, and the pages are our own
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", false),
		// Certificates of the test's own authority, and no others, are trusted.
		chromedp.Flag("ignore-certificate-errors-spki-list", authority.pin()),
	)
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closing := chromedp.NewContext(ctx)
	c := &chromium{ctx, func() { closing(); end() }}
	if err := chromedp.Do(ctx); err != nil {
		c.stop()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return c, nil
}

func program() (string, error) {
	if named := os.Getenv("ROLLCALL_TEST_CHROMIUM"); named != "" {
		return exec.LookPath(named)
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the browser tests need Chromium, and there is none in PATH: install it (Debian: apt-get install chromium), or set ROLLCALL_TEST_CHROMIUM to its program")
}

func TestMain(m *testing.M) {
	code := m.Run()
	if c, err := running(); err == nil {
		c.stop()
	}
	os.Exit(code)
}
