package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/console"
	"github.com/rollcall/rollcall/internal/web/samlsp"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

type serveCommand struct {
	Listen              string   `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to listen (default: ${default})."`
	MetricsListen       string   `placeholder:"ADDR" help:"Where to serve Prometheus metrics and health; keep it on loopback or an inner network."`
	TLSCert             string   `name:"tls-cert" and:"tls" placeholder:"FILE" help:"PEM certificate chain; read again when the file changes or on SIGHUP."`
	TLSKey              string   `name:"tls-key" and:"tls" placeholder:"FILE" help:"PEM key of the certificate."`
	TrustedProxies      []string `placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For is believed; separated by commas."`
	InsecureHTTP        bool     `name:"insecure-http" help:"Serve plain HTTP beyond loopback: behind a proxy that terminates TLS, or for a test."`
	SCIMRate            float64  `name:"scim-rate" default:"1000" placeholder:"N" help:"SCIM requests per second that each organization may send before it is answered 429; never below 50 (default: ${default})."`
	Plans               string   `enum:"admins,operator" default:"admins" placeholder:"WHO" help:"Who chooses the plan of an organization: admins, on its Plans page, or the operator, who alone has rollcall org set-plan (default: ${default})."`
	DNSResolver         string   `name:"dns-resolver" placeholder:"HOST:PORT" help:"Look for the TXT records of domains at this DNS server instead of the system's."`
	PrivateMetadata     bool     `name:"private-metadata" help:"Let admins import SAML metadata from private and loopback addresses, and by plain HTTP: for an identity provider in your own network."`
	SMTP                string   `name:"smtp" placeholder:"URL" help:"Mail server, smtp://user:password@host:587 or smtps://…: invitations and support requests are mailed. Give it as ROLLCALL_SMTP, because others on this machine can read flags."`
	MailFrom            string   `placeholder:"ADDRESS" help:"Whom mail comes from, such as rollcall@example.com or Rollcall <rollcall@example.com>; ?from=ADDRESS behind --smtp does the same."`
	SupportAddress      string   `placeholder:"ADDRESS" help:"Where to mail what people send with Contact support."`
	AllowUnsafeDatabase bool     `help:"Use a PostgreSQL whose fsync or synchronous_commit is off, which forgets acknowledged changes in a crash."`
}

// Run serves until the process is told to stop.
func (c *serveCommand) Run(a *app) (err error) {
	log := slog.New(slog.NewJSONHandler(a.stderr, nil))
	config, err := c.config(a, log)
	if err != nil {
		return err
	}
	post, err := c.mail(a, log)
	if err != nil {
		return err
	}
	db, err := store.Open(a.ctx, a.Database, store.Options{Now: a.now, AllowUnsafe: c.AllowUnsafeDatabase})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	before, after, err := db.Migrate(a.ctx)
	if err != nil {
		return err
	}
	if before != after {
		log.Info("schema migrated", "before", before, "after", after)
	}
	public, metrics, err := c.listen(a.ctx)
	if err != nil {
		return err
	}
	publicURL, err := c.publicURL(a, db, public.Addr())
	if err != nil {
		return errors.Join(err, closeAll(public, metrics))
	}
	serving := []any{"version", versionName(), "listen", public.Addr().String(), "public_url", publicURL, "database", db.Engine()}
	if post.server != "" {
		serving = append(serving, "smtp", post.server)
	}
	if metrics != nil {
		serving = append(serving, "metrics_listen", metrics.Addr().String())
	}
	log.Info("serving", serving...)
	return serve(a.ctx, db, publicURL, doors{scimRate: c.SCIMRate, operatorPlans: c.Plans == "operator", dnsResolver: c.DNSResolver, privateMetadata: c.PrivateMetadata, post: post}, config, public, metrics)
}

// config checks everything that can be checked before the database is touched.
func (c *serveCommand) config(a *app, log *slog.Logger) (web.Config, error) {
	config := web.Config{Log: log, Now: a.now}
	if c.MetricsListen != "" {
		config.Metrics = web.NewMetrics()
	}
	var err error
	if a.PublicURL != "" {
		if _, err = web.ParsePublicURL(a.PublicURL, c.InsecureHTTP); err != nil {
			return config, wrongUsage("%v", err)
		}
	}
	if config.TrustedProxies, err = trustedProxies(c.TrustedProxies); err != nil {
		return config, err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return config, wrongUsage("--listen %q is not HOST:PORT", iam.Clip(c.Listen))
	}
	if c.TLSCert == "" {
		if !c.InsecureHTTP && !web.IsLoopback(host) {
			return config, wrongUsage("--listen %s is reachable from outside, and plain HTTP would show every key; give --tls-cert and --tls-key, or --insecure-http behind a proxy that terminates TLS", iam.Clip(c.Listen))
		}
		return config, nil
	}
	config.TLS, err = web.LoadCertificates(c.TLSCert, c.TLSKey, a.now, log)
	return config, err
}

func trustedProxies(list []string) ([]netip.Prefix, error) {
	all, err := web.ParseTrustedProxies(list)
	if err != nil {
		return nil, wrongUsage("%v", err)
	}
	return all, nil
}

// publicURL takes the flag, else what was stored, and stores what is new. A stored
// loopback address is only where a server once listened: the present one replaces it.
func (c *serveCommand) publicURL(a *app, db *store.DB, listening net.Addr) (string, error) {
	stored, err := db.Read(a.ctx).PublicURL()
	if err != nil {
		return "", err
	}
	publicURL := a.PublicURL
	if publicURL == "" {
		if stored != "" && !onLoopback(stored) {
			return stored, nil
		}
		if publicURL, err = c.ownURL(listening); err != nil {
			return "", err
		}
	}
	if publicURL, err = web.ParsePublicURL(publicURL, c.InsecureHTTP); err != nil || publicURL == stored {
		return publicURL, err
	}
	return publicURL, db.Write(a.ctx, func(tx *store.Tx) error { return tx.SetPublicURL(publicURL) })
}

func onLoopback(publicURL string) bool {
	u, err := url.Parse(publicURL)
	return err == nil && web.IsLoopback(u.Hostname())
}

// ownURL is the address of a server that listens on loopback. Of any other nobody
// can tell under which name people reach it.
func (c *serveCommand) ownURL(listening net.Addr) (string, error) {
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil || !web.IsLoopback(host) {
		return "", wrongUsage("--listen %s does not say under which address people reach the server; give --public-url", iam.Clip(c.Listen))
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

func closeAll(listeners ...net.Listener) error {
	var errs []error
	for _, l := range listeners {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

func (c *serveCommand) listen(ctx context.Context) (public, metrics net.Listener, err error) {
	if public, err = listen(ctx, "--listen", c.Listen); err != nil || c.MetricsListen == "" {
		return public, nil, err
	}
	if metrics, err = listen(ctx, "--metrics-listen", c.MetricsListen); err != nil {
		return nil, nil, errors.Join(err, closeAll(public))
	}
	return public, metrics, nil
}

func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, iam.Errorf(iam.KindUnavailable, "%s is in use by another program; choose another address with %s", iam.Clip(address), flag)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", iam.Clip(address), err)
	}
	return listener, nil
}

// doors is what the operator chose for them.
type doors struct {
	scimRate        float64 // requests a second of an organization
	operatorPlans   bool    // admins do not choose their plan
	dnsResolver     string  // host:port, "" for the system's
	privateMetadata bool    // admins may import metadata from private addresses
	post            post
	signIn          *signin.Service // nil: one is made
}

// serve builds services and doors on an open database, answers until ctx is done,
// finishes what was begun, and writes what is queued. Closing the database is the
// caller's.
func serve(ctx context.Context, db *store.DB, publicURL string, chosen doors, config web.Config, public, metrics net.Listener) error {
	requests := housekeeping.NewRequestLog(db, config.Log)
	keys := chosen.signIn
	if keys == nil {
		keys = &signin.Service{DB: db, Now: config.Now, PublicURL: publicURL}
	}
	scim := scimapi.New(scimapi.Config{
		Provision: &provision.Service{DB: db, Now: config.Now, Log: config.Log},
		SignIn:    keys, Log: requests, PublicURL: publicURL, Now: config.Now, Rate: chosen.scimRate,
	})
	admins := &access.Service{DB: db, Now: config.Now, PublicURL: publicURL, SendMail: chosen.post.send, SupportAddress: chosen.post.support}
	people, err := console.New(console.Config{
		Access: admins, SignIn: keys,
		PublicURL: publicURL, OperatorPlans: chosen.operatorPlans, Now: config.Now,
		LookupTXT: lookupTXT(chosen.dnsResolver), FetchMetadata: fetchMetadata, PrivateMetadata: chosen.privateMetadata,
	})
	if err != nil {
		return err
	}
	federated, err := samlsp.New(samlsp.Config{SignIn: keys, PublicURL: publicURL})
	if err != nil {
		return err
	}
	config.Mounts = append(config.Mounts, scim.Mount, federated.Mount, people.Mount)
	config.HTTPS = strings.HasPrefix(publicURL, "https:")
	config.Ready = db.CheckSchema

	// The queues outlive ctx: requests that are running when it ends still add to them.
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { requests.Run(behind) })
	running.Go(func() { runSignIn(behind, keys, config.Log) })
	running.Go(func() { housekeeping.SignIns{DB: db, Log: config.Log}.Run(behind) })
	running.Go(func() { metadata(db, admins, chosen.privateMetadata, config.Log).Run(behind) })
	if config.TLS != nil {
		running.Go(func() { reloadOnHangUp(behind, config.TLS, config.Log) })
	}
	err = web.NewServer(config).Serve(ctx, public, metrics)
	stop()
	running.Wait()
	return err
}

// metadata reads that of identity providers again when it is due, from the addresses from
// which admins may import it.
func metadata(db *store.DB, admins *access.Service, private bool, log *slog.Logger) housekeeping.Metadata {
	fetch := func(ctx context.Context, url string, allowPrivate bool) ([]byte, error) {
		return fetchMetadata(ctx, url, allowPrivate || private)
	}
	return housekeeping.Metadata{DB: db, Log: log, Refresh: func(ctx context.Context, org iam.OrganizationID) error {
		_, err := admins.RefreshSAML(ctx, iam.Schedule, org, fetch)
		return err
	}}
}

// flushEvery is how often signing in writes what waits: the last uses of keys and
// sessions, kept to the minute, and counted refusals.
const flushEvery = 10 * time.Second

func runSignIn(ctx context.Context, people *signin.Service, log *slog.Logger) {
	if err := people.Run(ctx, flushEvery); err != nil {
		log.Warn("last uses and counted refusals were not written", "cause", web.Cause(err).Error())
	}
}

func reloadOnHangUp(ctx context.Context, certificates *web.Certificates, log *slog.Logger) {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangUp:
			if err := certificates.Reload(); err != nil {
				log.Error("the TLS certificate cannot be used; the old one stays", "cause", err.Error())
				continue
			}
			log.Info("TLS certificate read again")
		}
	}
}
