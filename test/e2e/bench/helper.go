package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	ecrHost = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	ecrKey  = "AKIAIOSFODNN7EXAMPLE" // of AWS's documentation
	gcrHost = "gcr.io"
)

// helper compares "get" of docker-credential-vsphere on a hit with a helper that knows one answer, and with those of two clouds, whose
// tokens are cached and good as well.
func (b *bench) helper() error {
	host := b.lab.Registry.Host
	if host == "" {
		return fmt.Errorf("the lab has no registry: make lab-build makes bin/registry")
	}
	login := b.loginArgs(scaleUser)
	if _, err := measure(b.command(b.bin+"/kubectl-vsphere", append(login, "--workload-clusters", "none")...)); err != nil {
		return err
	}
	if _, err := measure(b.command(b.bin+"/kubectl-vsphere", "registry", "add", host)); err != nil {
		return err
	}
	if err := b.build(".", "trivialhelper", "./bench/trivialhelper"); err != nil {
		return err
	}
	ours := func() *exec.Cmd { return b.get(b.bin+"/docker-credential-vsphere", host) }
	hit, trivial, err := inTurn(hits, ours, func() *exec.Cmd { return b.get(b.dir+"/trivialhelper", host) })
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("helper get on a hit, median of %d", hits), ms(hit.took))
	tell(fmt.Sprintf("a helper that knows one answer, median of %d", hits), ms(trivial.took))
	b.atMost("  ratio of the helpers", ratio(hit.took, trivial.took), 1.25, times)
	b.atMost("  resident memory of the helper", hit.mib(), 12, mebibyte)
	for _, program := range []struct {
		name, file string
		most       float64
	}{{"  size of the helper", "docker-credential-vsphere", 3.5}, {"  size of kubectl-vsphere", "kubectl-vsphere", 16}} {
		info, err := os.Stat(filepath.Join(b.bin, program.file))
		if err != nil {
			return err
		}
		b.atMost(program.name, float64(info.Size())/1e6, program.most, "%.1f MB")
	}
	return b.peers(ours)
}

// get is one call of a helper, with an answer or an error.
func (b *bench) get(program, host string) *exec.Cmd {
	c := b.command(program, "get")
	input := filepath.Join(b.dir, "stdin-"+host)
	if err := os.WriteFile(input, []byte(host), 0o600); err != nil {
		c.Err = err
		return c
	}
	c.Stdin, c.Err = os.Open(input) // A pipe would have a goroutine of ours compete with the program.
	c.Env = append(c.Env, "AWS_ACCESS_KEY_ID="+ecrKey, "AWS_SECRET_ACCESS_KEY=x", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
	return c
}

// peers are measured in the same run, each against ours.
func (b *bench) peers(ours func() *exec.Cmd) error {
	if err := b.fillPeers(); err != nil {
		return err
	}
	for name, host := range map[string]string{"docker-credential-gcr": gcrHost, "docker-credential-ecr-login": ecrHost} {
		path, err := filepath.Abs("../../.cache/clients/bin/" + name)
		if err != nil {
			return err
		}
		check := b.get(path, host)
		var said bytes.Buffer
		check.Stdout, check.Stderr = &said, &said
		if err := check.Run(); err != nil || !strings.Contains(said.String(), "cached-token") {
			return fmt.Errorf("%s does not answer from its cache: %w %s", name, err, said.String())
		}
		hit, peer, err := inTurn(hits, ours, func() *exec.Cmd { return b.get(path, host) })
		if err != nil {
			return err
		}
		tell(fmt.Sprintf("%s get on a hit, median of %d", name, hits), ms(peer.took))
		b.atMost("  ours by it", ratio(hit.took, peer.took), 1, times)
	}
	return nil
}

// fillPeers gives them tokens that are good for long: neither asks its cloud then.
func (b *bench) fillPeers() error {
	now := time.Now()
	sum := sha256.Sum256([]byte(ecrKey))
	ecr := map[string]any{"Version": "1.0", "Registries": map[string]any{
		"us-east-1-" + base64.StdEncoding.EncodeToString(sum[:]) + "-123456789012": map[string]any{
			"AuthorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:cached-token")), "RequestedAt": now, "ExpiresAt": now.Add(12 * time.Hour),
			"ProxyEndpoint": "https://" + ecrHost, "Service": "ecr",
		},
	}}
	gcr := map[string]any{"gcrCreds": map[string]any{"access_token": "cached-token", "refresh_token": "x", "token_expiry": now.Add(12 * time.Hour)}}
	for path, content := range map[string]any{".ecr/cache.json": ecr, ".config/gcloud/docker_credentials.json": gcr} {
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		path = filepath.Join(b.dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
