package site

import (
	"context"
	"errors"
	"net"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// issuers are the FederationDomains of the site: each front may have one.
func (s *Site) addIssuer(f *federation.Service) {
	s.issuersMu.Lock()
	defer s.issuersMu.Unlock()
	s.issuers = append(s.issuers, f)
}

// verify tells whose token it is, if an issuer of the site made it for the audience, which may depend on the issuer.
func (s *Site) verify(token string, audience func(*federation.Service) string) (federation.User, error) {
	s.issuersMu.Lock()
	defer s.issuersMu.Unlock()
	for _, f := range s.issuers {
		if user, err := f.Verify(token, audience(f)); err == nil {
			return user, nil
		}
	}
	return federation.User{}, errors.New("no issuer made this token for this cluster")
}

// addConcierge gives an API server a Concierge. Requests come by its aggregator, over loopback.
func (s *Site) addConcierge(api *kube.APIServer, c *kube.Client, audience func(*federation.Service) string) error {
	host := concierge.Service + "." + concierge.Namespace + ".svc"
	pair, err := api.CA.Server(host, nil, host)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := concierge.New(concierge.Config{CA: api.CA, Verify: func(token string) (federation.User, error) { return s.verify(token, audience) }})
	serve(s.ctx, l, s.faults.Middleware(func(*http.Request) string { return api.IP }, handler), &pair)
	return publishConcierge(s.ctx, c, api.CA.PEM, l.Addr().(*net.TCPAddr).Port)
}

// publishConcierge registers the API. The service is a name of this host, since loopback addresses are refused as endpoints.
func publishConcierge(ctx context.Context, c *kube.Client, ca []byte, port int) error {
	if err := c.AddNamespace(ctx, concierge.Namespace); err != nil {
		return err
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: concierge.Service},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost", Ports: []corev1.ServicePort{{Port: int32(port)}}},
	}
	if _, err := c.Typed.CoreV1().Services(concierge.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := c.AddAPIService(ctx, kube.APIService{
		Group: concierge.Group, Version: concierge.Version, Namespace: concierge.Namespace, Service: concierge.Service, Port: port, CA: ca,
	}); err != nil {
		return err
	}
	const role = "lab:pre-authn-apis"
	if err := c.AddRole(ctx, role, rbacv1.PolicyRule{APIGroups: []string{concierge.Group}, Resources: []string{concierge.Resource}, Verbs: []string{"create", "list"}}); err != nil {
		return err
	}
	for _, group := range []string{"system:unauthenticated", "system:authenticated"} {
		if err := c.Bind(ctx, "", role, rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: group}); err != nil {
			return err
		}
	}
	return nil
}

// audience is how a TKG cluster knows tokens for it.
func (c *cluster) audience(name string) func(*federation.Service) string {
	return func(*federation.Service) string { return name + "-" + c.currentUID() }
}
