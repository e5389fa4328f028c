package mapping

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Value is what an attribute or an expression holds: null, one text or several texts.
// The zero value is null. Booleans are the texts "True" and "False", numbers their
// decimal digits, references the id of what they refer to.
//
// As JSON it is null, "text" or ["text", …].
type Value struct {
	texts []string
	multi bool
}

// Null is the value of an attribute that is absent.
func Null() Value { return Value{} }

// String is one text; "" is the empty text, which is not null.
func String(s string) Value { return Value{texts: []string{s}} }

// Multi is the value of a multi-valued attribute. Without a text it is null, as an
// attribute without values is absent.
func Multi(texts ...string) Value {
	if len(texts) == 0 {
		return Null()
	}
	return Value{texts: slices.Clone(texts), multi: true}
}

// Bool is "True" or "False".
func Bool(b bool) Value {
	if b {
		return String("True")
	}
	return String("False")
}

// IsNull reports whether there is no value at all.
func (v Value) IsNull() bool { return len(v.texts) == 0 }

// IsMulti reports whether v came of a multi-valued attribute, be it with one text.
func (v Value) IsMulti() bool { return v.multi }

// Text is the text, the first of several, and "" for null.
func (v Value) Text() string {
	if len(v.texts) == 0 {
		return ""
	}
	return v.texts[0]
}

// Strings are all texts, nil for null.
func (v Value) Strings() []string { return slices.Clone(v.texts) }

// Equal reports whether both hold the same texts in the same order.
func (v Value) Equal(w Value) bool { return v.multi == w.multi && slices.Equal(v.texts, w.texts) }

// String shows v in messages: null, "text" or ["text", …].
func (v Value) String() string {
	b, err := v.MarshalJSON()
	if err != nil {
		return strings.Join(v.texts, ", ") // texts always marshal
	}
	return string(b)
}

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	var content any
	switch {
	case v.multi:
		content = v.texts
	case !v.IsNull():
		content = v.texts[0]
	}
	// Whether < is escaped is for the encoder around to say, which could not undo it.
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(content)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON implements [json.Unmarshaler].
func (v *Value) UnmarshalJSON(b []byte) error {
	var one *string
	if err := json.Unmarshal(b, &one); err == nil {
		if *v = Null(); one != nil {
			*v = String(*one)
		}
		return nil
	}
	var several []string
	if err := json.Unmarshal(b, &several); err != nil {
		return err
	}
	*v = Multi(several...)
	return nil
}

// isEmpty reports whether v is null or only the empty text.
func (v Value) isEmpty() bool {
	return !slices.ContainsFunc(v.texts, func(s string) bool { return s != "" })
}

// clip keeps what is echoed in messages short.
func clip(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
