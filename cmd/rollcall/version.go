package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by the linker when a release is built.
var version = ""

type versionCommand struct{}

func (c *versionCommand) Run(a *app) error {
	document := struct {
		Version  string `json:"version"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{versionName(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return a.show(document, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "rollcall %s (%s, %s)\n", document.Version, document.Go, document.Platform)
	})
}

// versionName falls back to what the toolchain recorded.
func versionName() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
