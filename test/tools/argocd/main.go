// Command argocd reads a cluster Secret with Argo CD's own code, and lists the config maps of a namespace of that cluster once a second with
// the client that Argo CD makes of it. It prints how many there are, or the error, until its standard input ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/argoproj/argo-cd/v3/util/db"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

func main() {
	path := flag.String("secret", "", "")
	namespace := flag.String("namespace", "default", "")
	flag.Parse()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx, *path, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, namespace string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var secret corev1.Secret
	if err := yaml.UnmarshalStrict(text, &secret); err != nil {
		return err
	}
	secret.Data = map[string][]byte{}
	for name, value := range secret.StringData { // As an API server does.
		secret.Data[name] = []byte(value)
	}
	cluster, err := db.SecretToCluster(&secret)
	if err != nil {
		return err
	}
	config, err := cluster.RESTConfig()
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	fmt.Printf("cluster %s, namespaces %v\n", cluster.Name, cluster.Namespaces)
	for ctx.Err() == nil {
		list, err := clients.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
		switch {
		case ctx.Err() != nil:
		case err != nil:
			fmt.Println("error:", err)
		default:
			fmt.Println("listed", len(list.Items) > 0)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	return nil
}
