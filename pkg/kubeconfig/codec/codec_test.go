package codec_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/codec"
)

const whole = `apiVersion: v1
kind: Config
current-context: a
preferences: {colors: true, extensions: [{name: p, extension: {x: 1}}]}
extensions: [{name: e, extension: {apiVersion: v1, kind: Other, n: 9007199254740993}}, {name: none, extension: null}]
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority: ca.pem
    certificate-authority-data: QUJD
    insecure-skip-tls-verify: true
    tls-server-name: n
    proxy-url: http://p
    disable-compression: true
    extensions: [{name: client.authentication.k8s.io/exec, extension: {b: [1, 2.5, null]}}]
users:
- name: u
  user:
    exec:
      command: run
      args: [a, "1"]
      env: [{name: N, value: v}]
      apiVersion: client.authentication.k8s.io/v1
      provideClusterInfo: true
- name: v
  user: {token: t, tokenFile: f, username: n, password: p, client-certificate: c, client-key: k, client-key-data: QUJD,
    act-as: x, as: y, as-uid: z, as-groups: [g], as-user-extra: {k: [v]}, auth-provider: {name: oidc, config: {a: b}}}
contexts:
- name: a
  context: {cluster: c, user: u, namespace: n, extensions: [{name: x, extension: {}}]}
`

var texts = map[string]string{
	"nothing": "", "a blank": " ", "a comment": "# a\n", "null": "null", "{}": "{}", "all fields": whole, "a list": "- a", "a text": "a",
	"no version": "kind: Config", "no kind": "apiVersion: v1", "a slash": "apiVersion: /v1", "slashes": "apiVersion: a/b/c", "one slash": "apiVersion: /",
	"another group": "apiVersion: apps/v1\nkind: Config", "an empty version": "apiVersion: apps/\nkind: Config", "another version": "apiVersion: v2\nkind: Config", "another kind": "apiVersion: v1\nkind: Secret",
	"kind in small letters": "kind: config", "fields in capitals": "Kind: Config\nClusters: [{Name: a}]", "a number as a kind": "kind: 1", "a number as a version": "apiVersion: 1",
	"a name twice": "clusters: [{name: a}, {name: a}]", "an extension twice": "extensions: [{name: a, extension: {}}, {name: a, extension: {}}]",
	"a key twice": "kind: Config\nkind: Config", "not YAML": "a: [", "documents": "kind: Config\n---\nkind: Config", "a wrong type": "clusters: {}", "base64 that is none": "clusters: [{name: a, cluster: {certificate-authority-data: '?'}}]",
	"null in a list": "clusters: [null]\nusers: [null]\ncontexts: [null]", "YAML 1.1": "contexts: [{name: yes, context: {namespace: 010}}]\ncurrent-context: on",
	"anchors": "clusters: [{name: a, cluster: &c {server: s}}, {name: b, cluster: *c}]", "a merge": "clusters: [{name: a, cluster: &c {server: s}}, {name: b, cluster: {<<: *c, proxy-url: p}}]",
	"Windows": "kind: Config\r\ncurrent-context: a\r\n", "a mark": "\ufeffkind: Config\n", "a tag": "current-context: !!binary aGk=", "a date": "current-context: 2001-01-01",
}

// It reads and writes what clientcmd does, to the byte.
func TestAsClientcmd(t *testing.T) {
	for name, text := range texts {
		t.Run(name, func(t *testing.T) { compare(t, []byte(text)) })
	}
}

func FuzzAsClientcmd(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { compare(t, text) })
}

func compare(t *testing.T, text []byte) {
	want, wantErr := clientcmd.Load(text)
	got, err := codec.Load(text)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, clientcmd: %v", text, err, wantErr)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: %s", text, cmp.Diff(want, got))
	}
	wantText, wantErr := clientcmd.Write(*want)
	gotText, err := codec.Write(got)
	if (err == nil) != (wantErr == nil) || string(gotText) != string(wantText) {
		t.Errorf("%q: %v %v %s", text, err, wantErr, cmp.Diff(string(wantText), string(gotText)))
	}
}
