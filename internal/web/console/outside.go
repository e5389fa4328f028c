package console

import (
	"context"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// outside is how the console asks DNS and identity providers. Their troubles are for
// the admin who named them, and no troubles of ours: what he entered is shown again.
type outside struct {
	txt     access.LookupTXT
	fetch   access.Fetch
	private bool // metadata may come from private addresses
}

// lookup asks DNS. The first trouble is kept in *trouble, because a use case tells it
// as one of the server's.
func (o outside) lookup(trouble *error) access.LookupTXT {
	return func(ctx context.Context, name string) ([]string, error) {
		if o.txt == nil {
			*trouble = iam.Errorf(iam.KindConflict, "this server does not look up DNS records; the person who runs it can vouch for the domain with rollcall saml domain verify --trust-domain")
			return nil, *trouble
		}
		values, err := o.txt(ctx, name)
		if err != nil {
			*trouble = iam.Errorf(iam.KindConflict, "the TXT record %s could not be looked up: %w", name, err)
		}
		return values, err
	}
}

// metadata fetches a document from an address that an admin entered, or that was
// entered before.
func (o outside) metadata(ctx context.Context, url string, allowPrivate bool) ([]byte, error) {
	if o.fetch == nil {
		return nil, iam.Errorf(iam.KindConflict, "this server does not fetch metadata; save it as a file and choose the file here").On("metadata-url")
	}
	data, err := o.fetch(ctx, url, allowPrivate || o.private)
	if err != nil {
		return nil, iam.Errorf(iam.KindConflict, "%w", err).On("metadata-url")
	}
	return data, nil
}
