package pagetest

import (
	"reflect"
	"time"
)

// filled makes a value in which every exported field has a value: booleans are truth,
// and lists have two elements or none.
func filled(kind reflect.Type, truth, lists bool) reflect.Value {
	v := reflect.New(kind)
	fill(v.Elem(), truth, lists, 0)
	return v
}

func fill(v reflect.Value, truth, lists bool, depth int) {
	if depth > 12 {
		return // types that hold themselves end somewhere
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(truth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(3)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), truth, lists, depth+1)
	case reflect.Slice:
		if lists {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), truth, lists, depth+1)
			fill(v.Index(1), truth, lists, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 23, 21, 8, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
				fill(settable(v.Field(i)), truth, lists, depth+1)
			}
		}
	}
}

// settable reaches through an embedded struct whose type has no exported name.
func settable(v reflect.Value) reflect.Value {
	if v.CanSet() {
		return v
	}
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// replaceText puts the same text wherever a value holds text.
func replaceText(v reflect.Value, with string, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(with)
	case reflect.Pointer:
		if !v.IsNil() {
			replaceText(v.Elem(), with, depth+1)
		}
	case reflect.Slice:
		for i := range v.Len() {
			replaceText(v.Index(i), with, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
				replaceText(settable(v.Field(i)), with, depth+1)
			}
		}
	}
}
