# Homebrew's formula (https://docs.brew.sh/Formula-Cookbook). A release makes it; it belongs into a tap.
class KubectlVsphere < Formula
  desc "Log in to vSphere Supervisors and TKG clusters"
  homepage "{{.Home}}"
  version "{{.Version}}"
  license "Apache-2.0"
{{range $os := .Systems}}
  on_{{$os.Name}} do
{{- range $os.Archives}}
    on_{{if eq .Arch "arm64"}}arm{{else}}intel{{end}} do
      url "{{$.URL .Name}}"
      sha256 "{{.SHA256}}"
    end
{{- end}}
  end
{{end}}
  def install
    bin.install "kubectl-vsphere", "docker-credential-vsphere", "kubectl_complete-vsphere"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/bash/kubectl-vsphere"
    zsh_completion.install "completions/zsh/_kubectl-vsphere"
    fish_completion.install "completions/fish/kubectl-vsphere.fish"
    doc.install "NOTICE", "licenses"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kubectl-vsphere version")
  end
end
