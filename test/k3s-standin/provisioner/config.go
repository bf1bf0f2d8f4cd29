package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"
)

const (
	refreshPeriod         = 30 * time.Second
	defaultTimeoutSeconds = 120
	nonListedNodes        = "DEFAULT_PATH_FOR_NON_LISTED_NODES"
)

// nodePaths and configData are the JSON of config.json. Go matches its keys case-insensitively, as upstream does.
type nodePaths struct {
	Node  string   `json:"node,omitempty"`
	Paths []string `json:"paths,omitempty"`
}

type classData struct {
	NodePathMap          []*nodePaths `json:"nodePathMap,omitempty"`
	SharedFileSystemPath string       `json:"sharedFileSystemPath,omitempty"`
}

type configData struct {
	classData
	StorageClassConfigs map[string]classData `json:"storageClassConfigs"`
	CmdTimeoutSeconds   int                  `json:"cmdTimeoutSeconds,omitempty"`
	SetupCommand        string               `json:"setupCommand,omitempty"`
	TeardownCommand     string               `json:"teardownCommand,omitempty"`
}

// classConfig says where the volumes of a class go.
type classConfig struct {
	nodePathMap map[string][]string
	sharedPath  string
}

type config struct {
	classConfig
	classes         map[string]classConfig
	timeout         int
	setup, teardown string
}

func (c classConfig) shared() (bool, error) {
	switch {
	case c.sharedPath != "" && len(c.nodePathMap) != 0:
		return false, fmt.Errorf("both nodePathMap and sharedFileSystemPath are defined. Please make sure only one is in use")
	case c.sharedPath != "":
		return true, nil
	case len(c.nodePathMap) != 0:
		return false, nil
	}
	return false, fmt.Errorf("both nodePathMap and sharedFileSystemPath are unconfigured")
}

// path is the base directory for a volume on node; requested is the nodePath parameter of the StorageClass.
func (c classConfig) path(node, requested string) (string, error) {
	shared, err := c.shared()
	if err != nil {
		return "", err
	}
	if shared {
		return c.sharedPath, nil
	}
	paths, listed := c.nodePathMap[node]
	if !listed {
		if paths, listed = c.nodePathMap[nonListedNodes]; !listed {
			return "", fmt.Errorf("config doesn't contain node %v, and no %v available", node, nonListedNodes)
		}
	}
	if len(paths) == 0 {
		return "", fmt.Errorf("no local path available on node %v", node)
	}
	if requested == "" {
		return paths[rand.Intn(len(paths))], nil
	}
	for _, path := range paths {
		if path == requested {
			return path, nil
		}
	}
	return "", fmt.Errorf("config doesn't contain path %v on node %v", requested, node)
}

func (c *config) forClass(name string) (classConfig, error) {
	if len(c.classes) == 0 {
		return c.classConfig, nil
	}
	if class, found := c.classes[name]; found {
		return class, nil
	}
	return classConfig{}, fmt.Errorf("BUG: Got request for unexpected storage class %s", name)
}

func parseConfig(text []byte) (*config, error) {
	var data configData
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("fail to load config file: %v", err)
	}
	top, err := parseClass(data.classData)
	if err != nil {
		return nil, err
	}
	c := &config{classConfig: top, classes: map[string]classConfig{}, timeout: data.CmdTimeoutSeconds,
		setup: data.SetupCommand, teardown: data.TeardownCommand}
	for name, class := range data.StorageClassConfigs {
		if c.classes[name], err = parseClass(class); err != nil {
			return nil, fmt.Errorf("config for class %s is invalid: %v", name, err)
		}
	}
	if c.timeout <= 0 {
		c.timeout = defaultTimeoutSeconds
	}
	return c, nil
}

func parseClass(data classData) (classConfig, error) {
	class := classConfig{nodePathMap: map[string][]string{}, sharedPath: data.SharedFileSystemPath}
	for _, entry := range data.NodePathMap {
		if _, twice := class.nodePathMap[entry.Node]; twice {
			return class, fmt.Errorf("duplicate node %v", entry.Node)
		}
		paths := []string{}
		seen := map[string]bool{}
		for _, path := range entry.Paths {
			if path == "" || path[0] != '/' {
				return class, fmt.Errorf("path must start with / for path %v on node %v", path, entry.Node)
			}
			if path = filepath.Clean(path); path == "/" {
				return class, fmt.Errorf("cannot use root ('/') as path on node %v", entry.Node)
			}
			if seen[path] {
				return class, fmt.Errorf("duplicate path %v on node %v", path, entry.Node)
			}
			seen[path] = true
			paths = append(paths, path)
		}
		class.nodePathMap[entry.Node] = paths
	}
	return class, nil
}

// settings is the configuration in force: re-read every 30 s; what cannot be read leaves the last good one.
type settings struct {
	client kubernetes.Interface
	o      *options

	mutex  sync.RWMutex
	config *config
	helper *v1.Pod
}

func loadSettings(client kubernetes.Interface, o *options) (*settings, error) {
	s := &settings{client: client, o: o}
	return s, s.refresh()
}

func (s *settings) current() (*config, *v1.Pod) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.config, s.helper
}

func (s *settings) refresh() error {
	text, err := os.ReadFile(s.o.configFile)
	if err != nil {
		return err
	}
	config, err := parseConfig(text)
	if err != nil {
		return err
	}
	helper, err := s.readHelper()
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.config, s.helper = config, helper
	return nil
}

func (s *settings) refreshUntil(stop <-chan struct{}) {
	for {
		select {
		case <-time.After(refreshPeriod):
			if err := s.refresh(); err != nil {
				klog.Errorf("failed to load the new config file: %v", err)
			}
		case <-stop:
			return
		}
	}
}

func (s *settings) readHelper() (*v1.Pod, error) {
	text, err := s.helperText()
	if err != nil {
		return nil, err
	}
	pod := &v1.Pod{}
	if err := yaml.Unmarshal(text, pod); err != nil {
		return nil, fmt.Errorf("invalid unmarshal the helper pod: %v", err)
	}
	if len(pod.Spec.Containers) == 0 {
		return nil, fmt.Errorf("helper pod template does not specify any container")
	}
	if s.o.allowUnsafeHelper {
		return pod, nil
	}
	return pod, checkHelper(pod)
}

// helperText is the helper pod template: a file, or the ConfigMap through its mount, or through the API.
func (s *settings) helperText() ([]byte, error) {
	if s.o.helperPodFile != "" {
		return os.ReadFile(s.o.helperPodFile)
	}
	if mount := os.Getenv("CONFIG_MOUNT_PATH"); mount != "" {
		if text, err := os.ReadFile(filepath.Join(mount, "helperPod.yaml")); err == nil {
			return text, nil
		}
	}
	configMap, err := s.client.CoreV1().ConfigMaps(s.o.namespace).Get(context.TODO(), s.o.configMap, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	text, found := configMap.Data["helperPod.yaml"]
	if !found {
		return nil, fmt.Errorf("helperPod.yaml is not exist in local-path-config ConfigMap")
	}
	return []byte(text), nil
}
