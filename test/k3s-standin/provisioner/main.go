// local-path-provisioner stand-in: the contract of rancher/local-path-provisioner (flags, ConfigMap, helper
// pods, PersistentVolumes), written against the client-go that Debian's Kubernetes source carries.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

type options struct {
	configFile, provisionerName, namespace, helperImage, configMap, serviceAccount, helperPodFile string
	kubeconfig                                                                                    string
	workers, provisionRetries, deleteRetries, healthPort                                          int
	allowUnsafeHelper                                                                             bool
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func envInt(name string, fallback int) int {
	if value, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return value
	}
	return fallback
}

// parse reads `[--debug] start [flags]`, the form in which upstream's manifest calls the program.
func parse(args []string) (*options, error) {
	debug := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "--debug", "-d", "-debug":
			debug = true
		case "--version", "-v":
			fmt.Println("local-path-provisioner version v0.0.37 (standin)")
			os.Exit(0)
		default:
			return nil, fmt.Errorf("unknown flag %s", args[0])
		}
		args = args[1:]
	}
	if len(args) == 0 || args[0] != "start" {
		return nil, fmt.Errorf("usage: local-path-provisioner [--debug] start [flags]")
	}
	o := &options{}
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	flags.StringVar(&o.configFile, "config", env("CONFIG_FILE", ""), "the config file")
	flags.StringVar(&o.provisionerName, "provisioner-name", env("PROVISIONER_NAME", "rancher.io/local-path"), "the name in StorageClasses")
	flags.StringVar(&o.namespace, "namespace", env("POD_NAMESPACE", "local-path-storage"), "where helper pods run")
	flags.StringVar(&o.helperImage, "helper-image", env("HELPER_IMAGE", "rancher/library-busybox:1.32.1"), "used when the helper pod template names none")
	flags.StringVar(&o.configMap, "configmap-name", env("CONFIGMAP_NAME", "local-path-config"), "holds the scripts")
	flags.StringVar(&o.serviceAccount, "service-account-name", env("SERVICE_ACCOUNT_NAME", "local-path-provisioner-service-account"), "of helper pods")
	flags.StringVar(&o.helperPodFile, "helper-pod-file", "", "helper pod template; empty: helperPod.yaml of the ConfigMap")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "empty: in the cluster")
	flags.IntVar(&o.workers, "worker-threads", 4, "claims and volumes handled at once")
	flags.IntVar(&o.provisionRetries, "provisioning-retry-count", 15, "0: for ever")
	flags.IntVar(&o.deleteRetries, "deletion-retry-count", 15, "0: for ever")
	flags.IntVar(&o.healthPort, "health-port", envInt("HEALTH_PORT", 8080), "of /health and /ready")
	flags.BoolVar(&o.allowUnsafeHelper, "allow-unsafe-helper-pod-template", os.Getenv("ALLOW_UNSAFE_HELPER_POD_TEMPLATE") == "true", "no checks of the template")
	var ignored int
	flags.IntVar(&ignored, "kube-client-qps", 0, "accepted, without effect")
	flags.IntVar(&ignored, "kube-client-burst", 0, "accepted, without effect")
	if err := flags.Parse(args[1:]); err != nil {
		return nil, err
	}
	if o.configFile == "" {
		return nil, fmt.Errorf("invalid empty flag config")
	}
	setVerbosity(debug)
	return o, nil
}

func setVerbosity(debug bool) {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	if debug {
		_ = flags.Set("v", "2")
	}
}

func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := rest.InClusterConfig()
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 100, 200
	return kubernetes.NewForConfig(config)
}

// serveHealth answers /health as long as the process lives and /ready once ready() is true.
func serveHealth(port int, ready func() bool) {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "ok")
	})
	klog.Fatal(http.ListenAndServe(fmt.Sprintf(":%d", port), mux))
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	client, err := newClient(o.kubeconfig)
	if err != nil {
		klog.Fatalf("Error starting daemon: unable to get client config: %v", err)
	}
	stop := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() { klog.Infof("Received signal %v to exit", <-signals); close(stop) }()

	settings, err := loadSettings(client, o)
	if err != nil {
		klog.Fatalf("Error starting daemon: invalid config: %v", err)
	}
	go settings.refreshUntil(stop)
	c := newController(client, o, settings)
	go serveHealth(o.healthPort, c.ready)
	if err := c.run(stop); err != nil {
		klog.Fatalf("Error starting daemon: %v", err)
	}
}
