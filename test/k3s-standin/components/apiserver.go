package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/version/verflag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// newAPIServerCommand is upstream's command, with k3s's unauthenticated supervisor paths on the same port.
func newAPIServerCommand() *cobra.Command {
	s := options.NewServerRunOptions()
	cmd := &cobra.Command{
		Use:          "kube-apiserver",
		SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			rest.SetDefaultWarningHandler(rest.NoWarnings{})
		},
		RunE: func(*cobra.Command, []string) error { return runAPIServer(s) },
	}
	flags := s.Flags()
	verflag.AddFlags(flags.FlagSet("global"))
	globalflag.AddGlobalFlags(flags.FlagSet("global"), cmd.Name())
	options.AddCustomGlobalFlags(flags.FlagSet("generic"))
	for _, set := range flags.FlagSets {
		cmd.Flags().AddFlagSet(set)
	}
	return cmd
}

func runAPIServer(s *options.ServerRunOptions) error {
	verflag.PrintAndExitIfRequested()
	completed, err := app.Complete(s)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return utilerrors.NewAggregate(errs)
	}
	stop := genericapiserver.SetupSignalHandler()
	server, err := app.CreateServerChain(completed, stop)
	if err != nil {
		return err
	}
	handler := server.GenericAPIServer.Handler
	handler.FullHandlerChain = withSupervisor(handler.FullHandlerChain, os.Getenv("K3S_CACERTS"))
	prepared, err := server.PrepareRun()
	if err != nil {
		return err
	}
	return prepared.Run(stop)
}

// withSupervisor answers /ping and /cacerts to anybody, as a k3s server does.
func withSupervisor(next http.Handler, cacerts string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ping":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "pong")
		case "/cacerts":
			w.Header().Set("Content-Type", "text/plain")
			http.ServeFile(w, r, cacerts)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
