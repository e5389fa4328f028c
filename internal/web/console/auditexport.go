package console

import (
	"encoding/json"
	"iter"
	"time"

	"github.com/rollcall/rollcall/internal/access"
)

// auditExport answers with the activities of the filter as a file (S57), newest first.
func (c *Console) auditExport(x *exchange) error {
	query := x.r.URL.Query()
	p := &auditPage{frame: x.frame("Audit"), Areas: typeAreas(query.Get("type")), Actors: auditActors()}
	choose(p.Actors, query.Get("actor"))
	asked, err := p.asked(query)
	if err != nil {
		return err
	}
	head := []string{
		"createdAt", "activity", "type", "actorType", "actorId", "actorDetails", "actorIpAddress", "userAgent",
		"targetType", "targetId", "targetName", "details", "id", "organizationId",
	}
	name := "audit-" + x.now.Format(time.DateOnly) + ".csv"
	return x.exportCSV(name, head, c.auditRecords(x, asked))
}

// auditRecords reads the activities of a query, all of them.
func (c *Console) auditRecords(x *exchange, q access.ActivityQuery) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for e, err := range c.access.EachActivity(x.r.Context(), x.org(), q) {
			if err != nil {
				yield(nil, err)
				return
			}
			details, err := json.Marshal(e.Details)
			if err != nil || !yield([]string{
				e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), activityText(e), string(e.Type), string(e.Actor.Type), e.Actor.ID, e.Actor.Details,
				e.Actor.Address, e.Actor.UserAgent, e.TargetType, e.TargetID, e.TargetName, string(details), string(e.ID), string(x.org()),
			}, err) {
				return
			}
		}
	}
}
