# The targets that people use:
#
#   make build      bin/kubectl-vsphere and bin/docker-credential-vsphere
#   make check      vet and unit tests, for every day
#   make test       everything, with real API servers: what CI runs
#   make demo       starts a whole vSphere site on loopback, logs in and uses it
#   make lab        runs that site until Ctrl-C
#   make cross      the programs and kubectl for Windows and Linux on arm64, for tests under Wine and qemu
#   make lint       golangci-lint, govulncheck, apidiff and actionlint
#   make dist       dist/: archives for all platforms, the lab's for Linux, their checksums, krew's manifest
#   make licences   what is linked, with its licences; fails where we may not ship it
#   make image      a container image of the programs and kubectl, by buildah; it pulls the base (BASE, KUBECTL, IMAGE)
#   make bench      speed and memory, as ratios within one run, against budgets
#   make schedules  500 random schedules of wrong passwords: no account may be locked
#   make mutate     changes lines of the program, one at a time: a test must see each
#   make fuzz       every parser of what others write gets odd input for FUZZTIME (30s)
#   make captures   docs/captures/*.svg: what commands look like on a terminal, from a lab
#   make manual     .cache/manual: docs/ as a site, by VitePress; MANUAL_BASE is the path below which a server has it
#   make generate   docs/commands.md and docs/troubleshooting.md from the program, a table of docs/security.md

SHELL := /bin/sh
VERSION ?= $(shell git describe --tags 2>/dev/null || echo 0.1.0-dev)
COMMIT ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DATE ?= $(shell git log -1 --format=%cs 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

# VCS stamps would make two builds of one tree differ, and fail where git distrusts the owner of the directory. The flags
# are the same everywhere: Kubernetes is compiled once for build, vet, test and lint.
export GOFLAGS := -buildvcs=false -trimpath
LAB := cd test/lab && CGO_ENABLED=0

KUBE := k8s.io/component-base/version
LAB_LDFLAGS := -s -w -X $(KUBE).gitVersion=v1.36.3 -X $(KUBE).gitMajor=1 -X $(KUBE).gitMinor=36

GOLANGCI_LINT := v2.15.0
GOVULNCHECK := v1.9.0
ACTIONLINT := v1.7.12
APIDIFF := v0.0.0-20251219203646-944ab1f22d93
TOOLS := $(CURDIR)/.cache/tools

.PHONY: build image faults-build lab-build site-build provision-build cross clients tools-build lab demo check test unit vet-others e2e lab-test lint vuln api workflows bench dist licences schedules mutate fuzz generate check-generated captures manual manual-test clean FORCE

build: bin/kubectl-vsphere bin/docker-credential-vsphere bin/kubectl_complete-vsphere

bin/kubectl-vsphere: FORCE
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/kubectl-vsphere

bin/docker-credential-vsphere: FORCE
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/docker-credential-vsphere

bin/kubectl_complete-vsphere: completion/kubectl_complete-vsphere
	mkdir -p bin && cp $< $@

# The program whose every change of a file can be made to fail, for tests (pkg/disk/faults.go).
faults-build: FORCE
	CGO_ENABLED=0 go build -tags faults -ldflags '$(LDFLAGS)' -o bin/faults/ ./cmd/...

# The lab, with all that it can start.
lab-build: site-build provision-build

# What a site needs. Constant flags: changing one would compile Kubernetes again.
site-build: bin/registry bin/capi bin/lab-crds.json FORCE
	$(LAB) go build -ldflags '$(LAB_LDFLAGS)' -o $(CURDIR)/bin/vsphere-lab .
	$(LAB) go build -ldflags '$(LAB_LDFLAGS)' -o $(CURDIR)/bin/kubectl k8s.io/kubernetes/cmd/kubectl

# What the lab runs and reads beside itself, in modules of their own: Cluster API, and the kinds of a Supervisor out of the module cache.
CAPI := test/controllers/capi
CRDS := test/controllers/crds
bin/capi: $(wildcard $(CAPI)/*.go) $(CAPI)/go.mod $(CAPI)/go.sum
	cd $(CAPI) && CGO_ENABLED=0 go build -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@
bin/lab-crds.json: $(wildcard $(CRDS)/*.go) $(CRDS)/go.mod $(CRDS)/go.sum
	cd $(CRDS) && go run . $(CURDIR)/$@ $(CURDIR)/bin/lab-provision.json

# What vsphere-lab up --provision runs beside: CAPV, VM Operator, a simulated vCenter, and a Cluster API with kubeadm. Each module is built
# once.
PROVISION := bin/capv bin/vmop bin/vcsim
provision-build: $(PROVISION) bin/capi-provision
bin/capi-provision: $(wildcard $(CAPI)/*.go) $(CAPI)/go.mod $(CAPI)/go.sum
	cd $(CAPI) && CGO_ENABLED=0 go build -tags provision -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@
.SECONDEXPANSION:
$(PROVISION): bin/%: $$(wildcard test/controllers/%/*.go) test/controllers/%/go.mod test/controllers/%/go.sum
	cd test/controllers/$* && CGO_ENABLED=0 go build -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

# The same for systems that the tests run under Wine and qemu-user, with a kubectl for each. The versions in go.mod make kubectl.
cross: bin/windows/kubectl.exe bin/arm64/kubectl FORCE
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -ldflags '$(LDFLAGS)' -o bin/windows/ ./cmd/...
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -ldflags '$(LDFLAGS)' -o bin/arm64/ ./cmd/...
bin/windows/kubectl.exe: test/lab/go.mod test/lab/go.sum
	$(LAB) GOOS=windows GOARCH=amd64 go build -ldflags '$(LAB_LDFLAGS)' -o $(CURDIR)/$@ k8s.io/kubernetes/cmd/kubectl && touch $(CURDIR)/$@
bin/arm64/kubectl: test/lab/go.mod test/lab/go.sum
	$(LAB) GOOS=linux GOARCH=arm64 go build -ldflags '$(LAB_LDFLAGS)' -o $(CURDIR)/$@ k8s.io/kubernetes/cmd/kubectl && touch $(CURDIR)/$@

# Other people's programs, pinned in test/clients/go.mod: the lab's registry, the registry clients of the tests, krew, and helpers to measure against.
CLIENTS := cd test/clients && CGO_ENABLED=0
bin/registry: test/clients/registry/main.go test/clients/go.mod test/clients/go.sum
	$(CLIENTS) go build -ldflags '-s -w' -o $(CURDIR)/$@ ./registry && touch $(CURDIR)/$@
.cache/clients/stamp: test/clients/go.mod test/clients/go.sum
	$(CLIENTS) GOBIN=$(CURDIR)/.cache/clients/bin go install -ldflags '-s -w' tool && touch $(CURDIR)/$@
clients: .cache/clients/stamp

# Programs of others that use our credentials, for tests: Argo CD's own code, controller-runtime, and k9s. Each has a module of its own.
USERS := bin/tools/argocd bin/tools/controller
tools-build: $(USERS) bin/tools/k9s
bin/tools/k9s: test/tools/k9s/go.mod test/tools/k9s/go.sum # It takes minutes, once.
	cd test/tools/k9s && CGO_ENABLED=0 go build -ldflags '-s -w' -o $(CURDIR)/$@ github.com/derailed/k9s && touch $(CURDIR)/$@
bin/tools/controller: FORCE # It links pkg/client.
$(USERS): bin/tools/%: $$(wildcard test/tools/%/*.go) test/tools/%/go.mod test/tools/%/go.sum
	cd test/tools/$* && CGO_ENABLED=0 go build -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

LAB_DIR ?= $(CURDIR)/.cache/lab
lab: site-build
	bin/vsphere-lab up --dir $(LAB_DIR)

demo: build site-build
	scripts/demo

check:
	go vet ./...
	go test ./...
	cd internal/dist && go vet ./... && go test ./...

test: build faults-build lab-build cross clients tools-build dist unit lab-test e2e

unit: vet-others
	go vet ./...
	go test -race ./...
	go test -tags faults -run Durable ./pkg/...
	cd internal/dist && go vet ./... && go test ./...

# The code for systems that the tests do not run on, or only in part.
vet-others:
	GOOS=darwin GOARCH=amd64 go vet ./...
	GOOS=darwin GOARCH=arm64 go vet ./...
	GOOS=windows GOARCH=amd64 go vet ./...

lab-test: lab-build
	for m in argocd controller; do (cd test/tools/$$m && CGO_ENABLED=0 go vet ./...) || exit; done
	for m in capi capv vmop vcsim; do (cd test/controllers/$$m && CGO_ENABLED=0 go vet -tags provision ./... && CGO_ENABLED=0 go test ./...) || exit; done
	cd $(CRDS) && go vet ./... && go test ./...
	$(LAB) go vet ./...
	$(LAB) go test ./...
	cd test/lab/lab && go vet -tags real ./... && VSPHERE_LAB=$(CURDIR)/bin/vsphere-lab go test -count=1 -tags real ./...

e2e:
	cd test/e2e && go vet ./... && go test -count=1 -timeout 30m ./...

# Both are built with the Go of this machine, since they must know its language version.
$(TOOLS)/golangci-lint-$(GOLANGCI_LINT):
	GOBIN=$(TOOLS)/new go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	mv $(TOOLS)/new/golangci-lint $@
$(TOOLS)/govulncheck-$(GOVULNCHECK):
	GOBIN=$(TOOLS)/new go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
	mv $(TOOLS)/new/govulncheck $@
$(TOOLS)/actionlint-$(ACTIONLINT):
	GOBIN=$(TOOLS)/new go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT)
	mv $(TOOLS)/new/actionlint $@
$(TOOLS)/apidiff-$(APIDIFF):
	GOBIN=$(TOOLS)/new go install golang.org/x/exp/cmd/apidiff@$(APIDIFF)
	mv $(TOOLS)/new/apidiff $@

lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT) vuln api workflows
	$< run ./...
	$(LAB) $< run -c $(CURDIR)/.golangci.yml ./...
	cd test/lab/lab && $< run -c $(CURDIR)/.golangci.yml ./...
	for m in capi capv vmop vcsim; do (cd test/controllers/$$m && CGO_ENABLED=0 $< run -c $(CURDIR)/.golangci.yml ./...) || exit; done
	cd $(CRDS) && $< run -c $(CURDIR)/.golangci.yml ./...
	for m in argocd controller; do (cd test/tools/$$m && CGO_ENABLED=0 $< run -c $(CURDIR)/.golangci.yml ./...) || exit; done
	for m in internal/dist test/e2e test/manual; do (cd $$m && $< run -c $(CURDIR)/.golangci.yml ./...) || exit; done

# What other programs use of pkg stays compatible.
api: $(TOOLS)/apidiff-$(APIDIFF)
	scripts/apidiff $<

# The workflows of GitHub, with the shell in them.
workflows: $(TOOLS)/actionlint-$(ACTIONLINT)
	$<

vuln: $(TOOLS)/govulncheck-$(GOVULNCHECK)
	scripts/vuln $<

bench: build lab-build clients
	cd test/e2e && go run ./bench

# The program that makes a release is a module of its own: what makes packages would be required of everybody who uses pkg.
DIST := go -C internal/dist run . -root '$(CURDIR)'
dist: FORCE
	$(DIST) -version '$(VERSION)' -commit '$(COMMIT)' -date '$(DATE)' -lab-ldflags '$(LAB_LDFLAGS)'

# What the programs and the lab link, for all platforms, and its licences. One that is unknown, or asks for more than a notice, fails.
licences:
	$(DIST) -licences

# The Dockerfile says which base it has if none is given.
IMAGE ?= kubectl-vsphere:$(VERSION)
BASE ?=
image: build site-build
	scripts/image $(IMAGE) $(if $(BASE),--build-arg BASE=$(BASE))

schedules: build faults-build lab-build
	cd test/e2e && SCHEDULES=500 go test -count=1 -timeout 30m -v -run TestRandomSchedules .

# Changes one line at a time, and prints what no test sees. WORDS chooses by file or name.
mutate:
	go run ./internal/mutate $(WORDS)

# Each parser of what others write gets FUZZTIME of odd input.
FUZZTIME ?= 30s
fuzz:
	scripts/fuzz $(FUZZTIME)

generate:
	go run ./internal/gendocs > docs/commands.md
	go run ./internal/gendocs troubleshooting > docs/troubleshooting.md
	go run ./internal/gendocs security < docs/security.md > docs/security.md.new && mv docs/security.md.new docs/security.md

captures: build site-build
	cd test/e2e && go run ./captures

# The generator is pinned in site/package-lock.json, and runs no script of a package. Once it is there, nothing is fetched any more.
site/node_modules/.package-lock.json: site/package.json site/package-lock.json
	cd site && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline && touch node_modules/.package-lock.json
manual: site/node_modules/.package-lock.json
	cd site && node_modules/.bin/vitepress build

# Links and anchors of the site, and its width on a telephone.
manual-test: manual
	cd test/manual && go vet ./... && go test -count=1 ./...

check-generated:
	go run ./internal/gendocs | diff -u docs/commands.md -
	go run ./internal/gendocs troubleshooting | diff -u docs/troubleshooting.md -
	go run ./internal/gendocs security < docs/security.md | diff -u docs/security.md -

clean:
	rm -rf bin dist .cache

FORCE:
