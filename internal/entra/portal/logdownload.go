package portal

import (
	"io"
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// downloadLogs gives one of the three files of "Download" out, with the conditions of the
// list. They are joined by Change ID (Microsoft Entra docs, "concept-provisioning-logs").
func (p *Portal) downloadLogs(x *exchange, app directory.ID) error {
	filter, _ := x.logFilter(app)
	to := cycle.Export{Logs: io.Discard, Steps: io.Discard, ModifiedProperties: io.Discard}
	name := ""
	body := &begun{ResponseWriter: x.w}
	switch x.query("file") {
	case "", "logs":
		name, to.Logs = "ProvisioningLogs.csv", body
	case "steps":
		name, to.Steps = "ProvisioningLogs_ProvisioningSteps.csv", body
	case "properties":
		name, to.ModifiedProperties = "ProvisioningLogs_ModifiedProperties.csv", body
	default:
		return refuse(http.StatusNotFound, "there is no file %q; choose logs, steps or properties", words.Clip(x.query("file")))
	}
	x.download("text/csv; charset=utf-8", name)
	err := p.cycle.ExportCSV(x.r.Context(), filter, to)
	if err != nil && body.yes {
		// The file has begun, so that no page can say it: a connection that breaks off says
		// that it is not whole.
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		x.w.Header().Del("Content-Disposition")
	}
	return err
}

// begun notes whether an answer has begun.
type begun struct {
	http.ResponseWriter
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}
