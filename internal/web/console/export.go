package console

import (
	"encoding/csv"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"strings"
)

// download begins an answer that the browser keeps as a file.
func (x *exchange) download(name, contentType string) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// exportCSV answers with a file for spreadsheets. It is written as the rows come, so an
// export can be of any length. When reading breaks off after the beginning was sent the
// connection is broken: half a list must not pass for the whole.
func (x *exchange) exportCSV(name string, head []string, rows iter.Seq2[[]string, error]) error {
	w := csv.NewWriter(x.w)
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		x.download(name, "text/csv; charset=utf-8")
		return w.Write(head)
	}
	for row, err := range rows {
		if err != nil {
			if !begun {
				return err
			}
			panic(http.ErrAbortHandler)
		}
		if err := begin(); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		for i, cell := range row {
			row[i] = inertCell(cell)
		}
		if w.Write(row) != nil {
			return nil // the browser is gone
		}
	}
	if err := begin(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.Flush() // as above
	return nil
}

// inertCell keeps a spreadsheet from taking a name for a formula (S57).
func inertCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
