package provision

import (
	"context"
	"crypto/x509/pkix"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// guest is a cluster whose API server runs.
type guest struct {
	end    context.CancelFunc
	booted chan bootResult
	client *kube.Client // nil while it boots
	// nodes are the names of those that joined, by their virtual machines.
	nodes map[types.UID]string
}

type bootResult struct {
	client *kube.Client
	err    error
}

// lookAfter boots a cluster whose control plane has a machine, and lets all its machines join.
func (a *Agent) lookAfter(ctx context.Context, c cluster) error {
	if c.Spec.ControlPlaneRef.Name == "" {
		return nil
	}
	if c.DeletionTimestamp == nil && !a.secrets[c.UID] {
		if err := a.addSecrets(ctx, c); err != nil {
			return err
		}
		a.secrets[c.UID] = true
	}
	nodes, err := a.nodes(c)
	if err != nil {
		return err
	}
	g := a.guests[c.UID]
	if g == nil {
		first := slices.ContainsFunc(nodes, func(n node) bool { return n.machine.controlPlane() })
		if !first || c.Spec.ControlPlaneEndpoint.Host == "" || c.DeletionTimestamp != nil {
			return nil
		}
		return a.boot(ctx, c)
	}
	if g.client == nil {
		select {
		case r := <-g.booted:
			if r.err != nil {
				g.end()
				delete(a.guests, c.UID)
				return r.err
			}
			g.client = r.client
		default:
			return nil
		}
	}
	return a.join(ctx, g, nodes)
}

// boot does what kubeadm does on the first machine: it starts an API server with the CA and the keys that Cluster API made.
func (a *Agent) boot(ctx context.Context, c cluster) error {
	secret := func(purpose string) (map[string][]byte, error) {
		s, err := a.Supervisor.Typed.CoreV1().Secrets(c.Namespace).Get(ctx, c.Name+"-"+purpose, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return s.Data, nil
	}
	authority, err := secret("ca")
	if err != nil {
		return err
	}
	accounts, err := secret("sa")
	if err != nil {
		return err
	}
	ca, err := pki.LoadCA(authority[corev1.TLSCertKey], authority[corev1.TLSPrivateKeyKey])
	if err != nil {
		return err
	}
	a.log.Printf("boot %s at %s", c.Name, c.Spec.ControlPlaneEndpoint.Host)
	life, end := context.WithCancel(ctx)
	g := &guest{end: end, booted: make(chan bootResult, 1), nodes: map[types.UID]string{}}
	a.guests[c.UID] = g
	go func() {
		began := time.Now()
		client, err := a.Boot(life, Cluster{
			Namespace: c.Namespace, Name: c.Name, UID: string(c.UID), Address: c.Spec.ControlPlaneEndpoint.Host, CA: ca, ServiceAccountKey: accounts[corev1.TLSPrivateKeyKey],
		})
		if err == nil {
			err = leaveTraces(life, client, c)
		}
		a.log.Printf("%s booted after %s: %v", c.Name, time.Since(began).Round(time.Millisecond), err)
		g.booted <- bootResult{client, err}
		a.wake()
	}()
	return nil
}

// leaveTraces writes what kubeadm leaves in a cluster, and Cluster API looks for.
func leaveTraces(ctx context.Context, client *kube.Client, c cluster) error {
	for name, data := range map[string]map[string]string{
		"kubeadm-config": {"ClusterConfiguration": "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: " + c.Spec.Topology.Version + "\nclusterName: " + c.Name + "\n"},
		"kubelet-config": {"kubelet": "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"},
	} {
		if err := kube.Eventually(ctx, func() error {
			m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
			_, err := client.Typed.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, m, metav1.CreateOptions{})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// endGuests ends those whose Cluster is gone.
func (a *Agent) endGuests(all []cluster) {
	gone := func(uid types.UID) bool {
		return !slices.ContainsFunc(all, func(c cluster) bool { return c.UID == uid })
	}
	for uid, g := range a.guests {
		if gone(uid) {
			a.log.Printf("a cluster with %d nodes is gone", len(g.nodes))
			g.end()
			delete(a.guests, uid)
		}
	}
	maps.DeleteFunc(a.secrets, func(uid types.UID, _ bool) bool { return gone(uid) })
}

func newEtcdCA() (*pki.CA, error) { return pki.NewCA(pkix.Name{CommonName: "etcd-ca"}) }

// addSecrets makes the Secrets of a cluster that Cluster API does not make.
func (a *Agent) addSecrets(ctx context.Context, c cluster) error {
	etcd, err := a.etcdSecrets()
	if err != nil {
		return err
	}
	nodes, err := a.nodeSecrets()
	if err != nil {
		return err
	}
	owner := metav1.OwnerReference{APIVersion: clusters.GroupVersion().String(), Kind: "Cluster", Name: c.Name, UID: c.UID}
	for _, s := range append(etcd, nodes...) {
		s.Name = c.Name + "-" + s.Name
		s.Labels, s.OwnerReferences = map[string]string{clusterLabel: c.Name}, []metav1.OwnerReference{owner}
		if _, err := a.Supervisor.Typed.CoreV1().Secrets(c.Namespace).Create(ctx, &s, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// newSecret makes a Secret of a cluster. Its name is what stands behind that of the cluster.
func newSecret(name string, of corev1.SecretType, data map[string][]byte) corev1.Secret {
	return corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: of, Data: data}
}

// etcdSecrets are those by which an API server of a cluster would reach its etcd. It is an external one, so that Cluster API does not look
// for one in the machines; nobody connects with these.
func (a *Agent) etcdSecrets() ([]corev1.Secret, error) {
	pair, err := a.etcd.Client("kube-apiserver-etcd-client")
	if err != nil {
		return nil, err
	}
	const ofCluster = "cluster.x-k8s.io/secret"
	return []corev1.Secret{
		newSecret("etcd", ofCluster, map[string][]byte{corev1.TLSCertKey: a.etcd.PEM}),
		newSecret("apiserver-etcd-client", ofCluster, map[string][]byte{corev1.TLSCertKey: pair.CertPEM, corev1.TLSPrivateKeyKey: pair.KeyPEM}),
	}, nil
}

// nodeSecrets are those by which people get into the nodes of a cluster, as on a Supervisor (inventory/cluster.yaml).
func (a *Agent) nodeSecrets() ([]corev1.Secret, error) {
	key, password, err := a.SSH()
	if err != nil {
		return nil, err
	}
	return []corev1.Secret{
		newSecret("ssh", corev1.SecretTypeSSHAuth, map[string][]byte{corev1.SSHAuthPrivateKey: []byte(key)}),
		newSecret("ssh-password", corev1.SecretTypeOpaque, map[string][]byte{"ssh-passwordkey": []byte(password)}),
	}, nil
}

const clusterLabel = "cluster.x-k8s.io/cluster-name"
