package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

var vms = Resource{Group: "vmoperator.vmware.com", Plural: "virtualmachines", Kind: "VirtualMachine"}

// fake answers by path; what it does not have is not found. Paths of groups have their versions.
type fake struct {
	replies map[string]func(url.Values) string
	asked   []string
	accept  string // of the last request
}

func (f *fake) do(_ context.Context, r wire.Request) ([]byte, error) {
	f.asked, f.accept = append(f.asked, r.URL), r.Accept
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	reply := f.replies[u.EscapedPath()]
	if reply == nil {
		return nil, &wire.Error{URL: r.URL, Status: http.StatusNotFound, Kind: wire.ErrNotFound}
	}
	text := reply(u.Query())
	if len(text) > bounded.MaxSize {
		return nil, &wire.Error{Kind: wire.ErrServer, Err: &bounded.Error{Reason: "is too large"}}
	}
	if text == "gone" {
		return nil, &wire.Error{URL: r.URL, Status: http.StatusGone, Kind: wire.ErrServer}
	}
	return []byte(text), nil
}

const vmList = "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"

// server has a list of virtual machines, in the second of two versions.
func server(reply func(url.Values) string) (*fake, *Server) {
	f := &fake{replies: map[string]func(url.Values) string{
		"/apis/vmoperator.vmware.com": func(url.Values) string {
			return `{"versions":[{"version":"v1alpha3"},{"version":"v1alpha4"},{"version":"../x"}],"preferredVersion":{"version":"v1alpha4"}}`
		},
		vmList: reply,
	}}
	return f, New(f.do)
}

func vm(name string) string {
	return `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine","metadata":{"name":"` + name + `","namespace":"ns1"},"status":{"powerState":"PoweredOn"}}`
}

func tableOf(more string, rows ...string) string {
	return `{"apiVersion":"meta.k8s.io/v1","kind":"Table","metadata":{"continue":"` + more + `"},"columnDefinitions":[
{"name":"Name","format":"name"},{"name":"CPUs","priority":0},{"name":"Class","priority":1}],"rows":[` + strings.Join(rows, ",") + `]}`
}

func rowOf(name string) string { return `{"cells":["` + name + `",2,null],"object":` + vm(name) + `}` }

func read(s *Server) (all []Object, err error) {
	err = s.List(context.Background(), Query{Resource: vms, Namespace: "ns1", Form: Rows}, func(o Object) { all = append(all, o) })
	return all, err
}

// Who needs no rows is sent none: the objects alone, of a list and of a watch.
func TestObjectsAlone(t *testing.T) {
	for _, form := range []Form{Objects, Rows, MetadataOnly} {
		rows := form == Rows
		f, s := server(func(q url.Values) string {
			if q.Has("includeObject") != rows {
				t.Errorf("rows %v: %v", rows, q)
			}
			return `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachineList","items":[` + vm("a") + `]}`
		})
		q := Query{Resource: vms, Namespace: "ns1", Form: form}
		if err := s.List(t.Context(), q, func(Object) {}); err != nil || strings.Contains(f.accept, "as=Table") != rows {
			t.Errorf("rows %v: %q, %v", rows, f.accept, err)
		}
		watch := &stream{lines: []string{event("ADDED", versioned("a", "7"))}}
		_, err := Watching(f.do, watch.send).Watch(t.Context(), Watched{Query: q, For: time.Second}, func(Change) {})
		if asked := strings.Join(watch.asked, " "); err != nil || strings.Contains(watch.accept, "as=Table") != rows || strings.Contains(asked, "includeObject") != rows {
			t.Errorf("rows %v: %q, %q, %v", rows, watch.accept, asked, err)
		}
	}
}

// Where metadata is enough, nothing else is asked for. A kind is not taken from it: an object does not say which it is.
func TestMetadataOnly(t *testing.T) {
	const bare = `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"%s","namespace":"%s","resourceVersion":"7","labels":{"a":"b"}}}`
	q := Query{Resource: vms, Namespace: "ns1", Form: MetadataOnly}
	reply := func(kind, items string) string {
		return `{"apiVersion":"meta.k8s.io/v1","kind":"` + kind + `","items":[` + items + `]}`
	}
	for items, want := range map[string]string{
		fmt.Sprintf(bare, "a", "ns1"): "",
		vm("a"):                       "", // The whole object.
		fmt.Sprintf(bare, "a", "ns2"): "where ns1 was asked for",
		fmt.Sprintf(bare, "", "ns1"):  "without a name",
		strings.Replace(vm("a"), "VirtualMachine", "Secret", 1):               `holds a "Secret" of`,
		strings.Replace(fmt.Sprintf(bare, "a", "ns1"), "meta.k8s", "evil", 1): `holds a "PartialObjectMetadata" of`,
		"null": "no object",
	} {
		f, s := server(func(url.Values) string { return reply("PartialObjectMetadataList", items) })
		var got []Object
		err := s.List(t.Context(), q, func(o Object) { got = append(got, o) })
		if want == "" && (err != nil || len(got) != 1 || got[0].Metadata.Name != "a" || got[0].Kind != "VirtualMachine") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, %v", items, got, err)
		}
		if f.accept != asMetadata {
			t.Errorf("%q", f.accept)
		}
	}
	_, s := server(func(url.Values) string { return reply("PartialObjectMetadataList", fmt.Sprintf(bare, "a", "ns1")) })
	if err := s.List(t.Context(), Query{Resource: vms, Namespace: "ns1"}, func(Object) {}); err == nil {
		t.Error("metadata is taken for objects")
	}
	watch := &stream{lines: []string{event("ADDED", fmt.Sprintf(bare, "a", "ns1")), event("DELETED", vm("a"))}}
	var seen []string
	f, _ := server(func(url.Values) string { return "" })
	version, err := Watching(f.do, watch.send).Watch(t.Context(), Watched{Query: q, For: time.Second}, func(c Change) {
		seen = append(seen, c.Object.Metadata.Name+" "+c.Object.Metadata.Labels["a"])
	})
	if err != nil || version != "7" || watch.accept != asMetadatum || !slices.Equal(seen, []string{"a b", "a "}) {
		t.Errorf("%q %q %s %v", watch.accept, seen, version, err)
	}
}

// A list is the server's own table, in the first version that has the kind, with all of its pages.
func TestList(t *testing.T) {
	f, s := server(func(q url.Values) string {
		if q.Get("includeObject") != "Object" || q.Get("limit") != "250" {
			t.Errorf("%v", q)
		}
		if q.Get("continue") == "" {
			return tableOf("next", rowOf("a"))
		}
		return tableOf("", rowOf("b"))
	})
	all, err := read(s)
	if err != nil || len(all) != 2 || all[1].Metadata.Name != "b" {
		t.Fatal(all, err)
	}
	if diff := cmp.Diff([]Column{{"CPUs", false}, {"Class", true}}, all[0].Columns); diff != "" || !slices.Equal(all[0].Cells, []string{"2", ""}) {
		t.Error(diff, all[0].Cells)
	}
	var o struct {
		Status struct{ PowerState string }
	}
	if all[0].Decode(&o); o.Status.PowerState != "PoweredOn" {
		t.Error(o)
	}
	if bare := all[0].Bare(); bare.fields != nil || bare.Metadata.Name != "a" {
		t.Error("bare")
	}
	if _, err := read(s); err != nil || strings.Contains(strings.Join(f.asked[4:], " "), "v1alpha4") {
		t.Errorf("the version was not remembered: %q, %v", f.asked, err)
	}
	if _, err := s.Get(t.Context(), vms, "ns1", "no"); !errors.Is(err, wire.ErrNotFound) || errors.Is(err, ErrNotServed) {
		t.Error(err)
	}
	f.replies[vmList+"/a"] = func(url.Values) string { return vm("a") }
	if o, err := s.Get(t.Context(), vms, "ns1", "a"); err != nil || o.Metadata.Name != "a" {
		t.Error(o, err)
	}
	f.replies[vmList+"/..%2Fa"] = func(url.Values) string { return vm("a") }
	if _, err := s.Get(t.Context(), vms, "ns1", "../a"); err != nil {
		t.Error("a name is part of a path", err)
	}
}

// A version from another time spares the question which ones there are, unless it is wrong.
func TestRecall(t *testing.T) {
	for name, c := range map[string]struct {
		recalled, served string
		kept             bool
		asked            []string
	}{
		"right":   {"v1alpha3", "v1alpha3", true, []string{vmList}},
		"gone":    {"v1alpha1", "v1alpha3", false, []string{strings.Replace(vmList, "v1alpha3", "v1alpha1", 1), "/apis/vmoperator.vmware.com", strings.Replace(vmList, "v1alpha3", "v1alpha4", 1), vmList}},
		"a path":  {"../v1", "v1alpha3", false, []string{"/apis/vmoperator.vmware.com", strings.Replace(vmList, "v1alpha3", "v1alpha4", 1), vmList}},
		"nothing": {"", "v1alpha3", false, []string{"/apis/vmoperator.vmware.com", strings.Replace(vmList, "v1alpha3", "v1alpha4", 1), vmList}},
	} {
		f, s := server(func(url.Values) string { return tableOf("", rowOf("a")) })
		s.Recall(map[string]string{vms.String(): c.recalled, "x": "v1"})
		all, err := read(s)
		for i, path := range f.asked {
			f.asked[i], _, _ = strings.Cut(path, "?")
		}
		if err != nil || len(all) != 1 || !slices.Equal(f.asked, c.asked) {
			t.Errorf("%s: %v, %v, %q", name, all, err, f.asked)
		}
		if got := s.Served(); len(got) != 1 || got[vms.String()] != c.served || s.Recalled(vms.String()) != c.kept || !s.Recalled("x") {
			t.Errorf("%s: %v", name, got)
		}
		if s.Forget(); len(s.Served()) > 0 || s.Recalled("x") {
			t.Errorf("%s: not forgotten", name)
		}
	}
	f, s := server(func(url.Values) string { return "" })
	f.replies[vmList] = nil
	s.Recall(map[string]string{vms.String(): "v1alpha3"})
	if _, err := read(s); !errors.Is(err, ErrNotServed) {
		t.Error(err)
	}
}

// A server that makes no tables lists objects; those of built-in types do not say what they are.
func TestListWithoutTables(t *testing.T) {
	_, s := server(func(url.Values) string {
		return `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachineList","items":[{"metadata":{"name":"a","namespace":"ns1"}},` + vm("b") + `]}`
	})
	all, err := read(s)
	if err != nil || len(all) != 2 || all[0].Kind != "VirtualMachine" || all[1].Metadata.Name != "b" {
		t.Error(all, err)
	}
}

// A list that has become too old begins again, once.
func TestListThatIsGone(t *testing.T) {
	gone := 0
	_, s := server(func(q url.Values) string {
		if q.Get("continue") == "" {
			return tableOf("next", rowOf("a"))
		}
		if gone++; gone == 1 {
			return "gone"
		}
		return tableOf("", rowOf("b"))
	})
	if all, err := read(s); err != nil || len(all) != 3 {
		t.Error(all, err)
	}
	gone = -10
	_, s = server(func(url.Values) string { return "gone" })
	if _, err := read(s); err == nil {
		t.Error("a list that is always gone")
	}
}

func TestNotServed(t *testing.T) {
	s := New((&fake{}).do)
	if _, err := read(s); !errors.Is(err, ErrNotServed) || !strings.Contains(err.Error(), "virtualmachines.vmoperator.vmware.com") {
		t.Error(err)
	}
	f, s := server(nil)
	delete(f.replies, vmList)
	if _, err := read(s); !errors.Is(err, ErrNotServed) || len(f.asked) != 3 {
		t.Error(err, f.asked)
	}
}

// A page that is larger than what is read is asked for again, smaller.
func TestPagesThatAreTooLarge(t *testing.T) {
	f, s := server(func(q url.Values) string {
		size, _ := strconv.Atoi(q.Get("limit"))
		from, _ := strconv.Atoi(q.Get("continue"))
		var rows []string
		for i := from; i < min(from+size, 100); i++ {
			o := map[string]any{"apiVersion": "vmoperator.vmware.com/v1alpha3", "kind": "VirtualMachine", "metadata": map[string]any{"name": fmt.Sprint("vm", i), "namespace": "ns1"}, "data": strings.Repeat("x", 50_000)}
			text, _ := json.Marshal(map[string]any{"cells": []any{"a", 1, 2}, "object": o})
			rows = append(rows, string(text))
		}
		more := ""
		if from+size < 100 {
			more = strconv.Itoa(from + size)
		}
		return tableOf(more, rows...)
	})
	all, err := read(s)
	if err != nil || len(all) != 100 || len(f.asked) != 5 {
		t.Error(len(all), err, f.asked)
	}
}

// What is no table of what was asked for is cut off.
func TestHostileTables(t *testing.T) {
	page := 0
	for name, c := range map[string]struct {
		reply func(url.Values) string
		want  string
	}{
		"another kind": {func(url.Values) string {
			return strings.ReplaceAll(tableOf("", rowOf("a")), "VirtualMachine", "Secret")
		}, `holds a "Secret" of "vmoperator.vmware.com/v1alpha3" where a VirtualMachine belongs`},
		"another group":     {func(url.Values) string { return strings.ReplaceAll(tableOf("", rowOf("a")), "vmoperator.", "evil.") }, `of "evil.vmware.com/v1alpha3"`},
		"another namespace": {func(url.Values) string { return strings.ReplaceAll(tableOf("", rowOf("a")), "ns1", "ns\u202e2") }, `of the namespace "ns\u202e2" where ns1`},
		"no name":           {func(url.Values) string { return tableOf("", rowOf("")) }, "without a name"},
		"a long name":       {func(url.Values) string { return tableOf("", rowOf(strings.Repeat("a", 254))) }, "without a name"},
		"no object":         {func(url.Values) string { return tableOf("", `{"cells":["a",1,2],"object":7}`) }, "of another shape than expected, at rows.object"},
		"without objects":   {func(url.Values) string { return tableOf("", `{"cells":["a",1,2]}`) }, "no object"},
		"too few cells":     {func(url.Values) string { return tableOf("", `{"cells":["a",1],"object":`+vm("a")+`}`) }, "a row of 2 cells"},
		"many columns": {func(url.Values) string {
			return `{"apiVersion":"meta.k8s.io/v1","kind":"Table","columnDefinitions":[` + strings.Repeat(`{},`, 64) + `{}]}`
		}, "65 columns"},
		"a status":          {func(url.Values) string { return `{"kind":"Status","apiVersion":"v1"}` }, `is a "Status" of "v1" and no list`},
		"a list of others":  {func(url.Values) string { return `{"kind":"PodList","apiVersion":"v1"}` }, "VirtualMachineList belongs"},
		"HTML":              {func(url.Values) string { return `<html>` }, "page of HTML"},
		"rubbish":           {func(url.Values) string { return "\x1b[31m" }, "is not JSON"},
		"pages without end": {func(url.Values) string { page++; return tableOf(strconv.Itoa(page), rowOf("a")) }, "does not end"},
		"one page, again":   {func(url.Values) string { return tableOf("same", rowOf("a")) }, "does not end"},
		"pages of many rows": {func(url.Values) string {
			page++
			return tableOf(strconv.Itoa(page), slices.Repeat([]string{rowOf("a")}, 9_999)...)
		}, "does not end"},
		"pages without rows":   {func(url.Values) string { page++; return tableOf(strconv.Itoa(page)) }, "does not end"},
		"pages that are large": {func(url.Values) string { return strings.Repeat(" ", 5<<20) }, ""},
	} {
		f, s := server(c.reply)
		_, err := read(s)
		if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(f.asked) > maxPages+10 || len(f.asked) > 5 && name != "pages without end" {
			t.Errorf("%s: %d requests", name, len(f.asked))
		}
	}
	_, s := server(func(url.Values) string {
		return strings.ReplaceAll(tableOf("", rowOf("a")), "[\"a\",2,null]", `["a",["x"],"`+strings.Repeat("b", 2000)+`"]`)
	})
	if all, err := read(s); err != nil || all[0].Cells[0] != "…" || len(all[0].Cells[1]) > 510 {
		t.Error(all, err)
	}
	if vs, err := New((&fake{replies: map[string]func(url.Values) string{"/apis/g": func(url.Values) string { return `{"versions":[{"version":"a/b"}]}` }}}).do).Versions(t.Context(), "g"); err == nil {
		t.Error(vs)
	}
}
