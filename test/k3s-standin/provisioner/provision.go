package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"text/template"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

const (
	hostnameLabel          = "kubernetes.io/hostname"
	selectedNodeAnnotation = "local.path.provisioner/selected-node"
	safePatternPrefix      = "{{ .PVC.Namespace }}/{{ .PVC.Name }}/"
)

// provision makes the directory of a claim's volume and returns the volume, not yet stored. node is nil when
// the claim was not scheduled to one (volumeBindingMode Immediate).
func (c *controller) provision(claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass, node *v1.Node) (*v1.PersistentVolume, error) {
	config, _ := c.settings.current()
	place, err := config.forClass(class.Name)
	if err != nil {
		return nil, err
	}
	shared, err := place.shared()
	if err != nil {
		return nil, err
	}
	if !shared {
		if err := checkNodeClaim(claim, node); err != nil {
			return nil, err
		}
	}
	nodeName := ""
	if node != nil {
		nodeName = node.Name
	}
	base, err := place.path(nodeName, class.Parameters["nodePath"])
	if err != nil {
		return nil, err
	}
	name := "pvc-" + string(claim.UID)
	folder, err := folderName(name, claim, class)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(base, folder)
	source, err := volumeSource(claim, class, path)
	if err != nil {
		return nil, err
	}
	klog.Infof("Creating volume %v at %v:%v", name, nodeName, path)
	request := claim.Spec.Resources.Requests[v1.ResourceStorage]
	o := volume{name: name, path: path, node: nodeName, mode: *claim.Spec.VolumeMode, size: request.Value(),
		user: class.Parameters["user"], group: class.Parameters["group"], perms: class.Parameters["permPattern"]}
	if err := c.runHelper(actionCreate, place, o); err != nil {
		return nil, err
	}
	mode := v1.PersistentVolumeFilesystem
	pv := &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{selectedNodeAnnotation: nodeName}},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *class.ReclaimPolicy,
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    &mode,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: request},
			PersistentVolumeSource:        source,
			MountOptions:                  class.MountOptions,
		},
	}
	if !shared {
		pv.Spec.NodeAffinity = affinityTo(node, class.Parameters["nodeAffinityKey"])
	}
	return pv, nil
}

// checkNodeClaim: a directory of one node serves that node only.
func checkNodeClaim(claim *v1.PersistentVolumeClaim, node *v1.Node) error {
	if claim.Spec.Selector != nil {
		return fmt.Errorf("claim.Spec.Selector is not supported")
	}
	for _, mode := range claim.Spec.AccessModes {
		if mode != v1.ReadWriteOnce && mode != "ReadWriteOncePod" {
			return fmt.Errorf("NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes")
		}
	}
	if node == nil {
		return fmt.Errorf("configuration error, no node was specified")
	}
	return nil
}

// folderName is <volume>_<namespace>_<claim>, or the class's pathPattern filled in.
func folderName(name string, claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass) (string, error) {
	pattern, given := class.Parameters["pathPattern"]
	if !given {
		return strings.Join([]string{name, claim.Namespace, claim.Name}, "_"), nil
	}
	if class.Parameters["allowUnsafePathPattern"] != "true" && !strings.HasPrefix(pattern, safePatternPrefix) {
		return "", fmt.Errorf("pathPattern %q is not allowed: it must start with %q", pattern, safePatternPrefix)
	}
	parsed, err := template.New("pathPattern").Parse(pattern)
	if err != nil {
		return "", err
	}
	var folder bytes.Buffer
	if err := parsed.Execute(&folder, map[string]interface{}{"PVName": name, "PVC": claim.ObjectMeta}); err != nil {
		return "", err
	}
	for _, part := range strings.Split(folder.String(), "/") {
		if part == ".." {
			return "", fmt.Errorf("pathPattern %q leads out of the volume directory", pattern)
		}
	}
	return folder.String(), nil
}

func volumeSource(claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass, path string) (v1.PersistentVolumeSource, error) {
	kind := "hostPath"
	if byClass, given := class.Annotations["defaultVolumeType"]; given {
		kind = byClass
	}
	if byClaim, given := claim.Annotations["volumeType"]; given {
		kind = byClaim
	}
	switch strings.ToLower(kind) {
	case "local":
		return v1.PersistentVolumeSource{Local: &v1.LocalVolumeSource{Path: path}}, nil
	case "hostpath":
		directory := v1.HostPathDirectoryOrCreate
		return v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{Path: path, Type: &directory}}, nil
	}
	return v1.PersistentVolumeSource{}, fmt.Errorf("\"%s\" is not a recognised volume type", kind)
}

func affinityTo(node *v1.Node, key string) *v1.VolumeNodeAffinity {
	if key == "" {
		key = hostnameLabel
	}
	value, labelled := node.Labels[key]
	if !labelled {
		value = node.Name
	}
	return &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{NodeSelectorTerms: []v1.NodeSelectorTerm{{
		MatchExpressions: []v1.NodeSelectorRequirement{{Key: key, Operator: v1.NodeSelectorOpIn, Values: []string{value}}},
	}}}}
}

// remove runs the teardown script for a released volume.
func (c *controller) remove(pv *v1.PersistentVolume) error {
	config, _ := c.settings.current()
	place, err := config.forClass(pv.Spec.StorageClassName)
	if err != nil {
		return err
	}
	path, node, err := c.placeOf(pv, place)
	if err != nil {
		return err
	}
	if node == "" && pv.Spec.NodeAffinity != nil {
		klog.Warningf("the node of volume %v is gone: its data is left alone", pv.Name)
		return nil
	}
	klog.Infof("Deleting volume %v at %v:%v", pv.Name, node, path)
	size := pv.Spec.Capacity[v1.ResourceStorage]
	return c.runHelper(actionDelete, place, volume{name: pv.Name, path: path, node: node, mode: *pv.Spec.VolumeMode, size: size.Value()})
}

// placeOf is a volume's directory, and its node unless the file system is shared or the node is gone.
func (c *controller) placeOf(pv *v1.PersistentVolume, place classConfig) (path, node string, err error) {
	switch source := pv.Spec.PersistentVolumeSource; {
	case source.HostPath != nil:
		path = source.HostPath.Path
	case source.Local != nil:
		path = source.Local.Path
	default:
		return "", "", fmt.Errorf("no path set")
	}
	shared, err := place.shared()
	if err != nil || shared {
		return path, "", err
	}
	node = pv.Annotations[selectedNodeAnnotation]
	if affinity := pv.Spec.NodeAffinity; node == "" && affinity != nil && affinity.Required != nil {
		for _, term := range affinity.Required.NodeSelectorTerms {
			for _, expression := range term.MatchExpressions {
				if expression.Key == hostnameLabel && len(expression.Values) == 1 {
					node = expression.Values[0]
				}
			}
		}
	}
	if node == "" {
		return "", "", fmt.Errorf("cannot find affinited node")
	}
	_, err = c.client.CoreV1().Nodes().Get(context.TODO(), node, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return path, "", nil
	}
	return path, node, err
}
