package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

const (
	actionCreate  = "create"
	actionDelete  = "delete"
	scriptDir     = "/script"
	maxHelperName = 128
)

// volume is what a helper pod works on. An empty node lets the scheduler choose.
type volume struct {
	name, path, node   string
	mode               v1.PersistentVolumeMode
	size               int64
	user, group, perms string
}

// checkHelper refuses a template that takes more of the node than a helper needs.
func checkHelper(pod *v1.Pod) error {
	spec := pod.Spec
	if spec.HostPID || spec.HostIPC || spec.HostNetwork || spec.NodeName != "" || spec.ServiceAccountName != "" || len(spec.Volumes) > 0 {
		return fmt.Errorf("helper pod template is not allowed to set host namespaces, nodeName, serviceAccountName or volumes")
	}
	if spec.SecurityContext != nil && isRoot(spec.SecurityContext.RunAsUser) {
		return fmt.Errorf("helper pod template is not allowed to set runAsUser 0")
	}
	for _, container := range append(append([]v1.Container{}, spec.InitContainers...), spec.Containers...) {
		context := container.SecurityContext
		if context != nil && (context.Privileged != nil && *context.Privileged || context.Capabilities != nil && len(context.Capabilities.Add) > 0 || isRoot(context.RunAsUser)) {
			return fmt.Errorf("helper pod template container %s is not allowed to be privileged, add capabilities or set runAsUser 0", container.Name)
		}
		if len(container.EnvFrom) > 0 || container.LivenessProbe != nil || container.ReadinessProbe != nil || container.StartupProbe != nil {
			return fmt.Errorf("helper pod template container %s is not allowed to set envFrom or probes", container.Name)
		}
	}
	return nil
}

func isRoot(user *int64) bool { return user != nil && *user == 0 }

func mountAt(container *v1.Container, name, path string) v1.VolumeMount {
	for _, mount := range container.VolumeMounts {
		if mount.Name == name {
			return mount
		}
	}
	mount := v1.VolumeMount{Name: name, MountPath: path}
	container.VolumeMounts = append(container.VolumeMounts, mount)
	return mount
}

func helperVolumes(parent, configMap string) []v1.Volume {
	directory := v1.HostPathDirectoryOrCreate
	return []v1.Volume{
		{Name: "data", VolumeSource: v1.VolumeSource{HostPath: &v1.HostPathVolumeSource{Path: parent, Type: &directory}}},
		{Name: "script", VolumeSource: v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{
			LocalObjectReference: v1.LocalObjectReference{Name: configMap},
			Items:                []v1.KeyToPath{{Key: "setup", Path: "setup"}, {Key: "teardown", Path: "teardown"}},
		}}},
	}
}

// helperPod is the pod that runs the setup or teardown script for a volume: the parent of the volume's
// directory is mounted at its own path.
func (c *controller) helperPod(template *v1.Pod, config *config, action string, o volume) (*v1.Pod, error) {
	parent, leaf := filepath.Split(filepath.Clean(o.path))
	pod := template.DeepCopy()
	container := &pod.Spec.Containers[0]
	mountAt(container, "script", scriptDir)
	parentInPod := strings.TrimSuffix(mountAt(container, "data", parent).MountPath, "/")
	if parentInPod == "" || leaf == "" || !filepath.IsAbs(parentInPod) {
		return nil, fmt.Errorf("invalid path %v for %v: cannot find parent dir or volume dir or parent dir is relative", action, o.path)
	}
	directory, size := filepath.Join(parentInPod, leaf), strconv.FormatInt(o.size, 10)

	pod.Name = pod.Name + "-" + action + "-" + o.name
	if len(pod.Name) > maxHelperName {
		pod.Name = pod.Name[:maxHelperName]
	}
	pod.Namespace = c.o.namespace
	if o.node != "" {
		pod.Spec.NodeName = o.node
	}
	pod.Spec.ServiceAccountName = c.o.serviceAccount
	pod.Spec.RestartPolicy = v1.RestartPolicyNever
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, v1.Toleration{Operator: v1.TolerationOpExists})
	pod.Spec.Volumes = append(pod.Spec.Volumes, helperVolumes(parent, c.o.configMap)...)
	if container.Image == "" {
		container.Image = c.o.helperImage
	}
	container.Command = helperCommand(config, action)
	container.Args = []string{"-p", directory, "-s", size, "-m", string(o.mode), "-a", action}
	container.Env = append(container.Env,
		v1.EnvVar{Name: "VOL_DIR", Value: directory}, v1.EnvVar{Name: "VOL_MODE", Value: string(o.mode)}, v1.EnvVar{Name: "VOL_SIZE_BYTES", Value: size},
		v1.EnvVar{Name: "VOL_USER", Value: o.user}, v1.EnvVar{Name: "VOL_GROUP", Value: o.group}, v1.EnvVar{Name: "VOL_PERM", Value: o.perms})
	return pod, nil
}

func helperCommand(config *config, action string) []string {
	custom, script := config.setup, "setup"
	if action == actionDelete {
		custom, script = config.teardown, "teardown"
	}
	if custom != "" {
		return []string{custom}
	}
	return []string{"/bin/sh", scriptDir + "/" + script}
}

// runHelper runs the script for a volume and waits for its success. As upstream, it waits for nothing else: a
// helper that fails is noticed when the time is over. The pod is deleted in any case.
func (c *controller) runHelper(action string, class classConfig, o volume) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("failed to %v volume %v: %v", action, o.name, err)
		}
	}()
	shared, err := class.shared()
	if err != nil {
		return err
	}
	if o.name == "" || o.path == "" || (!shared && o.node == "") {
		return fmt.Errorf("invalid empty name or path or node")
	}
	if !filepath.IsAbs(o.path) {
		return fmt.Errorf("volume path %s is not absolute", o.path)
	}
	config, template := c.settings.current()
	pod, err := c.helperPod(template, config, action, o)
	if err != nil {
		return err
	}
	pods := c.client.CoreV1().Pods(c.o.namespace)
	klog.Infof("create the helper pod %s into %s", pod.Name, c.o.namespace)
	if _, err := pods.Create(context.TODO(), pod, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	defer func() {
		if deletion := pods.Delete(context.TODO(), pod.Name, metav1.DeleteOptions{}); deletion != nil && !apierrors.IsNotFound(deletion) {
			klog.Errorf("unable to delete the helper pod: %v", deletion)
		}
	}()
	if !c.waitSucceeded(pod.Name, time.Duration(config.timeout)*time.Second) {
		return fmt.Errorf("create process timeout after %v seconds", config.timeout)
	}
	klog.Infof("Volume %v has been %vd on %v:%v", o.name, action, o.node, o.path)
	return nil
}

// waitSucceeded looks at the informer's copy of the pod ten times a second.
func (c *controller) waitSucceeded(name string, timeout time.Duration) bool {
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if pod, err := c.pods.Pods(c.o.namespace).Get(name); err == nil && pod.Status.Phase == v1.PodSucceeded {
			return true
		}
	}
	return false
}
