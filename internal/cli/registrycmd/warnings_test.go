package registrycmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
)

func TestWarningText(t *testing.T) {
	for code, want := range map[dockerconfig.Code]string{
		dockerconfig.HelperNotFound:   "DETAIL is not on PATH",
		dockerconfig.LoginInFile:      "FILE also holds a login for HOST, in plain text; type: docker logout HOST, and then: DETAIL login HOST",
		dockerconfig.PodmanLogin:      "type: podman logout --authfile FILE HOST",
		dockerconfig.HelperIsStore:    "FILE names the helper as credsStore",
		dockerconfig.StoreNotFound:    `FILE names a credsStore that is not on PATH`,
		dockerconfig.OtherAuthFile:    "read that file and not FILE; type: kubectl vsphere registry configure --podman",
		dockerconfig.AuthInVariable:   "DOCKER_AUTH_CONFIG is set",
		dockerconfig.DockerIsSnap:     "docker is a snap (DETAIL)",
		dockerconfig.DockerIsRootless: "docker is rootless (DETAIL)",
		dockerconfig.RunsBySudo:       "this runs with sudo, so it uses FILE; without sudo, clients of DETAIL",
	} {
		if got := warningText(dockerconfig.Warning{Code: code, File: "FILE", Host: "HOST", Detail: "DETAIL"}); !strings.Contains(got, want) {
			t.Errorf("%s: %q", code, got)
		}
	}
}

// Every code of the package has words.
func TestWarningTextOfEachCode(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../../pkg/registry/dockerconfig/warnings.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if named, ok := spec.Type.(*ast.Ident); !ok || named.Name != "Code" {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes++
		if warningText(dockerconfig.Warning{Code: dockerconfig.Code(code)}) == code {
			t.Errorf("%s has no words", code)
		}
		return true
	})
	if codes < 10 {
		t.Errorf("%d codes", codes)
	}
}

// The path is the user's environment's, and a word of the command to type.
func TestPathOfAWarningIsAWord(t *testing.T) {
	got := warningText(dockerconfig.Warning{Code: dockerconfig.PodmanLogin, File: "/a b;touch PWN;/auth.json", Host: "HOST"})
	if !strings.HasSuffix(got, "type: podman logout --authfile '/a b;touch PWN;/auth.json' HOST") {
		t.Error(got)
	}
}
