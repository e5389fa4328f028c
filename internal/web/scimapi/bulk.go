package scimapi

import (
	"net/http"

	"github.com/rollcall/rollcall/scim"
)

// bulk answers POST /Bulk (RFC 7644 section 3.7): each operation stands or falls by
// itself, so the answer is 200 whatever became of them.
func (d *Door) bulk(x *exchange) error {
	body, err := x.object()
	if err != nil {
		return err
	}
	request, err := scim.ParseBulk(body)
	if err != nil {
		return err
	}
	location := func(endpoint, id string) string { return x.base + endpoint + "/" + id }
	results := d.provision.Bulk(x.ctx, x.caller, request, location, &x.trail)
	for _, result := range results {
		if detail, ok := result.Response["detail"].(string); ok {
			result.Response["detail"] = x.hide(detail)
		}
	}
	x.send(http.StatusOK, scim.Encode(scim.BulkResponse(results)))
	return nil
}
