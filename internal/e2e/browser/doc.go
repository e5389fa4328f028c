// Package browser holds the tests that look at Rollcall as a person does: through
// Chromium, driven over its DevTools pipe. It owns no code of the product; no code of
// the product imports it.
//
// The admin walks the guide in the console, and the people he provisions sign in at an
// identity provider on another site (https://rollcall.localhost and
// https://idp.localhost, with a certificate authority of the test's own), so that
// cookies, policies and cross-site rules are judged as in production: on SQLite and on
// PostgreSQL, with scripts and without. Then the guide is walked between Rollcall and the
// stand-in for Entra ID (https://entra.localhost), configuration and test plan, as its
// admins and people click; and the demo on plain loopback.
//
// Every page of the route table is opened in four states (empty, usual, the longest
// names and right-to-left text, 10,000 members), on a desktop and on a phone, light and
// dark, and judged by checks.js. With ROLLCALL_AXE, the path of axe.min.js, axe-core
// judges the same pages too: that is `make a11y`. The pages of the stand-in are looked at
// in the same way: empty, usual and longest in `make a11y`, longest alone without axe-core.
//
// A tab acts by what a person hears of the page: press, enter and choose find things by
// role and accessible name, as assistive technology does, and click where they are. So a
// field without a label cannot be filled in by a test either.
//
// Chromium is looked for in PATH; ROLLCALL_TEST_CHROMIUM names another program.
// Without one the tests fail, and say what to install.
package browser
