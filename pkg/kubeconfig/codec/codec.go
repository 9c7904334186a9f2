// Package codec reads and writes a kubeconfig as kubectl does, with the types and conversions of client-go. It leaves out clientcmd, whose
// serializers and transports for API servers are a tenth of a program that has none. The tests compare it with clientcmd.
package codec

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// The only kind of a kubeconfig, and its version.
const (
	kind    = "Config"
	version = "v1"
)

// Load reads a kubeconfig, as clientcmd.Load does. Its errors may repeat values of the text. The text is within the bounds of its caller.
func Load(text []byte) (*api.Config, error) {
	config := api.NewConfig()
	if len(text) == 0 {
		return config, nil
	}
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	if err := checkKind(text); err != nil {
		return nil, err
	}
	var read clientcmdv1.Config
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &read); err != nil {
		return nil, err
	}
	clientcmdv1.SetObjectDefaults_Config(&read)
	if err := clientcmdv1.Convert_v1_Config_To_api_Config(&read, config, nil); err != nil {
		return nil, err
	}
	return config, nil
}

// checkKind returns an error if the text names another kind or version. It may leave out either.
func checkKind(text []byte) error {
	var of struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(text, &of); err != nil {
		return fmt.Errorf("couldn't get version/kind; json parse error: %w", err)
	}
	if strings.Count(of.APIVersion, "/") > 1 {
		return fmt.Errorf("unexpected GroupVersion string: %v", of.APIVersion)
	}
	if is := strings.TrimPrefix(of.APIVersion, "/"); is != "" && is != version || of.Kind != "" && of.Kind != kind {
		return fmt.Errorf("no kind %q is registered for version %q", of.Kind, of.APIVersion)
	}
	return nil
}

// Write returns the YAML of a kubeconfig, as clientcmd.Write does.
func Write(config *api.Config) ([]byte, error) {
	to := clientcmdv1.Config{}
	if err := clientcmdv1.Convert_api_Config_To_v1_Config(config, &to, nil); err != nil {
		return nil, err
	}
	to.APIVersion, to.Kind = version, kind
	return yaml.Marshal(to)
}
