package mask

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func masked(t *testing.T, text string) string {
	t.Helper()
	got, err := Text([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(got)
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":              {"token: S3CRET\n", "token: [secret]\n"},
		"double quotes":      {`password: "S3\"CRET # x" # old: S3CRET` + "\n", `password: "[secret]" # [comment]` + "\n"},
		"single quotes":      {"password: 'S3''CRET'\n", "password: [secret]\n"},
		"quoted key":         {"'token' : S3CRET\n", "'token' : [secret]\n"},
		"folded":             {"a:\n  token: >-\n    S3CRET\n\n    S3CRET\n  b: c\n", "a:\n  token: [secret]\n  b: c\n"},
		"literal":            {"a:\n  token: |  # S3CRET\n    # S3CRET\n     S3CRET\n  # S3CRET\n  b: c\n", "a:\n  token: [secret]\n  # [comment]\n  b: c\n"},
		"literal, no end":    {"token: |\n  S3CRET", "token: [secret]"},
		"literal, indented":  {"a:\n  token: |1\n     S3CRET\n   S3CRET\n  b: c\n", "a:\n  token: [secret]\n  b: c\n"},
		"next line":          {"token:\n  S3CRET\nb: c\n", "token:\n  [secret]\nb: c\n"},
		"two lines":          {"token: S3CRET\n  S3CRET\n\n  S3CRET\nb: c\n", "token: [secret]\nb: c\n"},
		"two lines, quoted":  {"a:\n  token: \"S3CRET\\\n S3CRET\n\nS3CRET\"\n  b: c\n", "a:\n  token: \"[secret]\"\n  b: c\n"},
		"CRLF":               {"token: S3CRET\r\n  S3CRET\r\nb: |\r\n  x\r\n", "token: [secret]\r\nb: |\r\n  x\r\n"},
		"anchor":             {"x: &a S3CRET\nusers:\n- user:\n    token: *a\n", "x: &a [secret]\nusers:\n- user:\n    token: *a\n"},
		"anchored user":      {"x: &a {odd: S3CRET}\nusers: [{user: *a}]\n", "x: &a {[secret]: [secret]}\nusers: [{user: *a}]\n"},
		"merged user":        {"x: &a {odd: S3CRET}\nusers: [{user: {<<: [*a], username: u}}]\n", "x: &a {[secret]: [secret]}\nusers: [{user: {<<: [*a], username: u}}]\n"},
		"key by alias":       {"x: &k token\n*k : S3CRET\n", "x: &k token\n*k : [secret]\n"},
		"tag":                {"token: !!str S3CRET\n", "token: !!str [secret]\n"},
		"properties above":   {"token: &a # S3CRET\n  S3CRET\nx: *a\n", "token: &a # [comment]\n  [secret]\nx: *a\n"},
		"mapping":            {"token: {S3CRET: S3CRET}\n", "token: {[secret]: [secret]}\n"},
		"braces":             {"token: {{S3CRET}}\n", "token: {{[secret]}}\n"},
		"list":               {"tokens:\n- S3CRET\n- |\n  S3CRET\n", "tokens:\n- [secret]\n- [secret]\n"},
		"anchored exec":      {"user: {exec: &e {command: x}}\n", "user: {exec: &e {command: x}}\n"},
		"env":                {"user:\n  exec:\n    env:\n    - name: X\n      value: S3CRET\n", "user:\n  exec:\n    env:\n    - name: X\n      value: [secret]\n"},
		"args":               {"user: {exec: {command: kubelogin, args: [get-token, --oidc-client-secret=S3CRET]}}\n", "user: {exec: {command: kubelogin, args: [[secret], [secret]]}}\n"},
		"our args":           {"user: {exec: {args: [get-token, --server, h, --user, u]}}\n", "user: {exec: {args: [get-token, --server, h, --user, u]}}\n"},
		"provider":           {"user:\n  auth-provider:\n    name: oidc\n    config:\n      client-id: S3CRET\n", "user:\n  auth-provider:\n    name: oidc\n    config:\n      [secret]: [secret]\n"},
		"unknown field":      {"user: {username: u, tokenFile: /t, pin: 12345}\n", "user: {username: u, tokenFile: /t, [secret]: [secret]}\n"},
		"users as a text":    {"users: S3CRET\ncontexts: S3CRET\nclusters: S3CRET\n", "users: [secret]\ncontexts: [secret]\nclusters: [secret]\n"},
		"users as a mapping": {"users:\n  S3CRET:\n    username: S3CRET\n", "users:\n  [secret]:\n    [secret]: [secret]\n"},
		"a text in a list":   {"users: [S3CRET]\ncontexts: [{context: S3CRET}]\n", "users: [[secret]]\ncontexts: [{context: [secret]}]\n"},
		"a text for a user":  {"users: [{name: a, user: S3CRET}]\n", "users: [{name: a, user: [secret]}]\n"},
		"a list for a text":  {"users: [{user: {username: [S3CRET], as: {x: S3CRET}}}]\n", "users: [{user: {username: [[secret]], as: {[secret]: [secret]}}}]\n"},
		"a text to merge":    {"x: &a\n- S3CRET\nusers: [{user: {<<: *a, username: u}}]\n", "x: &a\n- [secret]\nusers: [{user: {<<: *a, username: u}}]\n"},
		"groups":             {"user: {as-groups: [dev], as-user-extra: {S3CRET: [S3CRET]}}\n", "user: {as-groups: [dev], as-user-extra: {[secret]: [[secret]]}}\n"},
		"a certificate":      {"user: {client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t}\n", "user: {client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t}\n"},
		"no certificate":     {"user: {client-certificate-data: S3CRET}\n", "user: {client-certificate-data: [secret]}\n"},
		"a key beside it": {"user: {client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tQkVHSU4gUFJJVkFURSBLRVktLS0tLQ==}\n",
			"user: {client-certificate-data: [secret]}\n"},
		"our extension": {"user: {extensions: [{name: kubectl-vsphere, extension: {server: h, user: u, other: S3CRET}}]}\n",
			"user: {extensions: [{name: kubectl-vsphere, extension: {server: h, user: u, [secret]: [secret]}}]}\n"},
		"a tag for merging": {"user: {!!merge S3CRET: x}\n", "user: {!!merge [secret]: [secret]}\n"},
		"proxy":             {"proxy-url: http://u:S3CRET@p:1\nserver: https://h\n", "proxy-url: [secret]\nserver: https://h\n"},
		"proxy, no scheme":  {"proxy-url: u:S3CRET@p:1\n", "proxy-url: [secret]\n"},
		"proxy, quoted":     {"proxy-url: \"http://u:\\\n  S3CRET@p\"\n", "proxy-url: \"[secret]\"\n"},
		"proxy, folded":     {"proxy-url: >-\n  http://u:S3CRET@p\nx: y\n", "proxy-url: [secret]\nx: y\n"},
		"proxy, harmless":   {"proxy-url: socks5://p:1\nserver: https://h:6443\n", "proxy-url: socks5://p:1\nserver: https://h:6443\n"},
		"user in a hint":    {"user: {exec: {installHint: 'see https://u:S3CRET@h'}}\n", "user: {exec: {installHint: [secret]}}\n"},
		"query":             {"server: https://h/?key=S3CRET\n", "server: [secret]\n"},
		"a name of ours":    {"name: wcp:10.0.0.1:dev@vsphere.local\n", "name: wcp:10.0.0.1:dev@vsphere.local\n"},
		"documents":         {"a: b\n--- # S3CRET\ntoken: S3CRET\n...\n", "a: b\n--- # [comment]\ntoken: [secret]\n...\n"},
		"comments":          {"# token: S3CRET\na: b # S3CRET\nc: '#d'\n", "# [comment]\na: b # [comment]\nc: '#d'\n"},
		"flow, comment":     {"{a: b,#S3CRET\n c: d}\n", "{a: b,# [comment]\n c: d}\n"},
		"nothing":           {"token:\npassword: null\nother: ''\n", "token:\npassword: null\nother: ''\n"},
		"not nothing":       {"token: !!null S3CRET\npassword: \"null\"\n", "token: !!null [secret]\npassword: \"[secret]\"\n"},
		"name":              {"clusters:\n- name: token-ring\n", "clusters:\n- name: token-ring\n"},
		"JSON": {
			`{"users":[{"name":"ü","user":{"password":"S3CRET","auth-provider":{"config":{"client-secret":"S3CRET"}}}}]}`,
			`{"users":[{"name":"ü","user":{"password":"[secret]","auth-provider":{"config":{"[secret]":"[secret]"}}}}]}`,
		},
		"empty":         {"", ""},
		"comment alone": {"# S3CRET", "# [comment]"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, masked(t, c.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// What is not understood is not shown, and not repeated in the error.
func TestUnsafe(t *testing.T) {
	for _, text := range []string{
		"token: *S3CRET\n", "token: S3CRET: x\n", "token: \"S3CRET", "- token\n", "S3CRET", "token: a\rS3CRET: b\n", "token: a\u2028S3CRET: b\n", "token: \xff\n",
		"a: !foo#S3CRET b\n", "password: &S3CRET\n", "password: &S3CRET x\n", "password: !S3CRET\n", "password: !!S3CRET x\n", "password: !S3CRET [x]\n",
		"password: {x: &S3CRET {}}\n",
	} {
		got, err := Text([]byte(text))
		if !errors.Is(err, ErrUnsafe) || got != nil || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if a, b, err := Pair([]byte("a: b\n"), []byte(text)); !errors.Is(err, ErrUnsafe) || a != nil || b != nil {
			t.Errorf("%q: %q, %q, %v", text, a, b, err)
		}
	}
}

// Every file of the corpus is shown, and lines without a secret or comment as they are.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("../splice/testdata/corpus/*")
	if err != nil || len(paths) < 20 {
		t.Fatalf("the corpus is missing: %d files, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Text(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for line := range strings.Lines(string(got)) {
			if !strings.Contains(string(text), line) && !strings.Contains(line, secretMark) && !strings.Contains(line, commentMark) {
				t.Errorf("%s: %q is new", path, line)
			}
		}
	}
}

func TestPair(t *testing.T) {
	const before = "users:\n- name: a\n  user:\n    token: S3CRET1\n- name: b\n  user:\n    token: S3CRET2\n- name: d\n  user: {token: S3CRET4}\n"
	const after = "users:\n- name: c\n  user:\n    token: S3CRET1\n- name: b\n  user:\n    token: S3CRET3\n- name: d\n  user: {token: S3CRET4}\n"
	gotBefore, gotAfter, err := Pair([]byte(before), []byte(after))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("users:\n- name: a\n  user:\n    token: [secret]\n- name: b\n  user:\n    token: [secret]\n- name: d\n  user: {token: [secret]}\n", string(gotBefore)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("users:\n- name: c\n  user:\n    token: [new secret]\n- name: b\n  user:\n    token: [new secret]\n- name: d\n  user: {token: [secret]}\n", string(gotAfter)); d != "" {
		t.Error(d)
	}
}

// A mistake in finding where a secret begins or ends shows nothing.
func TestMistakesShowNothing(t *testing.T) {
	const text = "a: b\nuser:\n  token: S3CRET-1 2\n  client-key-data: 'S3CRET'\n  password: |-\n    S3CRET\n    S3CRET\n"
	for name, wrong := range map[string]func(*scalar){
		"late":  func(l *scalar) { l.start++ },
		"early": func(l *scalar) { l.end-- },
		"short": func(l *scalar) { l.end -= 3 },
		"lines": func(l *scalar) { l.end = l.start + lengthUntil([]byte(text)[l.start:], "\n") - 1 },
	} {
		p, err := read([]byte(text))
		if err != nil || len(p.secrets()) != 3 {
			t.Fatalf("%d secrets, %v", len(p.secrets()), err)
		}
		for i, l := range p.scalars {
			if !p.secret[l.node] {
				continue
			}
			wrong(&p.scalars[i])
			if got, err := p.masked(func(scalar) string { return secretMark }); !errors.Is(err, ErrUnsafe) || got != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			p.scalars[i] = l
		}
	}
}
