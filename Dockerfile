# The image of both programs and kubectl: for pods, and for jobs whose product runs an image. scripts/image builds it ("make image") and says
# what it puts into the context. docs/tools.md says how it is used.
#
# Not verified: this base was never pulled by the tests, which have no network. They build the image on a base of the same layout
# (test/e2e/image_test.go). A base with a shell, for GitLab CI and for scripts, is --build-arg BASE=docker.io/library/debian:stable-slim.
ARG BASE=gcr.io/distroless/static-debian12:nonroot
FROM ${BASE}

# All of it runs as this user. It is the nonroot of distroless.
ARG USER_ID=65532
COPY bin/kubectl bin/kubectl-vsphere bin/docker-credential-vsphere /usr/local/bin/
COPY --chown=${USER_ID}:${USER_ID} home/ /home/vsphere/
COPY LICENSE /usr/share/doc/kubectl-vsphere/

# HOME holds sessions, credentials and the kubeconfig. It can be a mount, and must be one where the root is read-only or the user another one.
ENV HOME=/home/vsphere PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /home/vsphere
USER ${USER_ID}:${USER_ID}

# No entrypoint: a command is typed as elsewhere, "kubectl vsphere login", and products that start a shell of their own need no other setting.
ENTRYPOINT []
CMD ["kubectl", "vsphere", "help"]
